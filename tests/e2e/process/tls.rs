//! Servers that cannot prove who they are: nothing is sent to them, nothing is retried, and the user learns what to do.

use std::io;
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::between::{Between, Stream};
use crate::world::{Run, World, enact};

/// A test's own authority.
fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "an authority of a test's own");
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn params(name: &str) -> CertificateParams {
    CertificateParams::new(vec![name.to_owned()]).unwrap()
}

/// A world behind a server with this certificate, and how many connections it got.
struct Proven {
    world: World,
    connections: Arc<AtomicUsize>,
    authorities: PathBuf,
}

impl Proven {
    fn by(certificate: &Certificate, key: &KeyPair, authorities: &str) -> Self {
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let chain: Vec<CertificateDer<'static>> = vec![certificate.der().clone()];
        let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
        let connections = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&connections);
        let accept = move |mut tcp: TcpStream| -> io::Result<Box<dyn Stream>> {
            let mut tls = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
            count.fetch_add(1, Ordering::SeqCst);
            while tls.is_handshaking() {
                tls.complete_io(&mut tcp)?;
            }
            Ok(Box::new(StreamOwned::new(tls, tcp)))
        };
        let say = |asked: &super::between::Asked, out: &mut dyn io::Write| out.write_all(&asked.honest());
        let between = Between::behind("https", Box::new(accept), "polytomic", Box::new(say));
        let world = World::on(Box::new(between), "polytomic", "{}", "");
        world.declare("Role", "R", "{}");
        world.write("authorities.pem", authorities);
        let authorities = world.dir.path().join("authorities.pem");
        Self { world, connections, authorities }
    }

    /// Runs the binary with these authorities and no others.
    fn run(&self, args: &[&str]) -> Run {
        let mut command = enact(self.world.dir.path());
        let command = command.env("SSL_CERT_FILE", &self.authorities).env("SSL_CERT_DIR", "/nonexistent");
        Run::from(&command.args(args).output().unwrap())
    }

    fn assert_refused(&self, why: &str) {
        let run = self.run(&["apply", "--yes"]);
        assert_eq!(run.code, 6, "{}", run.err);
        // Whose server, what is wrong, and what to do.
        for part in ["live", why, "SSL_CERT_FILE", "`url`"] {
            assert!(run.err.contains(part), "{part}: {}", run.err);
        }
        assert_eq!(self.connections.load(Ordering::SeqCst), 1, "nobody asks twice");
        assert_eq!(self.world.live.requests(), [], "no-secret-out: nothing was sent");
    }
}

#[test]
fn no_secret_out_a_certificate_without_an_authority_is_refused() {
    let other = authority();
    let key = KeyPair::generate().unwrap();
    let own = params("localhost").self_signed(&key).unwrap();
    Proven::by(&own, &key, &other.pem()).assert_refused("UnknownIssuer");
}

#[test]
fn no_secret_out_a_certificate_that_has_expired_is_refused() {
    let (authority, key) = (authority(), KeyPair::generate().unwrap());
    let mut params = params("localhost");
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    let old = params.signed_by(&key, &authority).unwrap();
    Proven::by(&old, &key, &authority.pem()).assert_refused("expired");
}

#[test]
fn no_secret_out_a_certificate_of_another_name_is_refused() {
    let (authority, key) = (authority(), KeyPair::generate().unwrap());
    let other = params("example.com").signed_by(&key, &authority).unwrap();
    Proven::by(&other, &key, &authority.pem()).assert_refused("example.com");
}

#[test]
fn an_authority_of_ones_own_is_trusted_if_it_is_named() {
    let (authority, key) = (authority(), KeyPair::generate().unwrap());
    let good = params("localhost").signed_by(&key, &authority).unwrap();
    let proven = Proven::by(&good, &key, &authority.pem());
    let run = proven.run(&["apply", "--yes"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    proven.world.object("roles", "R");
}

#[test]
fn without_certificates_the_help_says_what_to_do_and_the_sandbox_works() {
    let (authority, key) = (authority(), KeyPair::generate().unwrap());
    let good = params("localhost").signed_by(&key, &authority).unwrap();
    let proven = Proven::by(&good, &key, "");
    let run = proven.run(&["plan"]);
    assert!(run.code == 1 && run.err.contains("No CA certificates"), "{}", run.err);
    assert!(run.err.contains("SSL_CERT_FILE"), "{}", run.err);
    let run = proven.run(&["plan", "--sandbox"]);
    assert_eq!(run.code, 0, "{}", run.err);
}

#[test]
fn a_server_without_tls_is_unreadable_and_gets_nothing() {
    let (authority, key) = (authority(), KeyPair::generate().unwrap());
    let good = params("localhost").signed_by(&key, &authority).unwrap();
    let proven = Proven::by(&good, &key, &authority.pem());
    let plain = World::new("polytomic");
    let config = std::fs::read_to_string(proven.world.dir.path().join("enact.yaml")).unwrap();
    let url = plain.live.url().replace("http://", "https://");
    proven.world.write("enact.yaml", &config.replace(&proven.world.live.url(), &url));
    let run = proven.run(&["plan"]);
    assert_eq!((run.code, plain.live.requests()), (6, Vec::new()), "{}", run.err);
}
