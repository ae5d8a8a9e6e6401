//! What to do about a request that got no answer. Here: what the causes of its error mean. Not here: repeats, in `retry`.

use std::error::Error;
use std::io;

use reqwest::Url;

/// The variables that can name a proxy for a URL of this machine's outside.
const PROXIES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// Why there is no answer, as far as it tells what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The certificate of the server was refused.
    Certificate,
    /// The server does not speak TLS.
    NotTls,
    /// The server does not speak HTTP.
    NotHttp,
    /// The host has no address.
    NoAddress,
    /// Nothing listens there.
    Refused,
    /// The proxy did not let it through.
    Proxy,
    /// Time ran out.
    Slow,
}

impl Cause {
    /// The cause of an error, by the innermost one that says something.
    pub(super) fn of(error: &reqwest::Error) -> Option<Self> {
        let all: Vec<_> = chain(error).collect();
        all.iter().rev().find_map(|error| Self::of_one(*error)).or(error.is_timeout().then_some(Self::Slow))
    }

    fn of_one(error: &(dyn Error + 'static)) -> Option<Self> {
        match error.downcast_ref() {
            Some(rustls::Error::InvalidCertificate(_)) => return Some(Self::Certificate),
            Some(rustls::Error::InvalidMessage(_)) => return Some(Self::NotTls),
            _ => {}
        }
        if error.downcast_ref().map(io::Error::kind) == Some(io::ErrorKind::ConnectionRefused) {
            return Some(Self::Refused);
        }
        // These are types of crates below reqwest, which only their words tell apart.
        let words = error.to_string();
        let says = |what: &str| words.contains(what);
        match () {
            () if says("dns error") || says("failed to lookup address") => Some(Self::NoAddress),
            () if says("tunnel") || says("proxy") => Some(Self::Proxy),
            () if says("invalid HTTP") => Some(Self::NotHttp),
            () => None,
        }
    }

    /// Whether the server cannot prove who it is, so that a repeat is of no use.
    pub(super) fn is_untrusted(self) -> bool {
        matches!(self, Self::Certificate | Self::NotTls)
    }

    /// What to do.
    pub(super) fn help(self, url: &Url) -> String {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        let help = match self {
            Self::Certificate => return named_file().unwrap_or_else(|| PROVE.to_owned()),
            Self::NotTls => format!(
                "what listens on port {port} of `{host}` does not speak TLS: correct the port in `url` in enact.yaml; a \
                 server on this machine may also be `http://`"
            ),
            Self::NotHttp => format!(
                "what listens on port {port} of `{host}` does not speak plain HTTP: correct the port in `url` in \
                 enact.yaml, or write `https://` if it speaks TLS"
            ),
            Self::NoAddress => {
                format!("no address is known for `{host}`: correct the host in `url` in enact.yaml, or check the network")
            }
            Self::Refused => format!(
                "nothing listens on port {port} of `{host}`: correct `url` in enact.yaml, or see whether the API runs"
            ),
            Self::Proxy => "the proxy did not let it through".to_owned(),
            Self::Slow => "the API is too slow, or something on the way drops what is sent: check `url` in enact.yaml and \
                 the network, then run again"
                .to_owned(),
        };
        match proxy(url) {
            Some(variable) => {
                format!("{help}; a proxy is set in {variable}: check it, or name the host in NO_PROXY")
            }
            None => help,
        }
    }
}

/// What to do if a server cannot prove who it is.
const PROVE: &str =
    "check `url` in enact.yaml; to trust an authority of your own, name its file in SSL_CERT_FILE";

/// Whether a URL stays on this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// The variable that names a proxy. A server on this machine is never asked through one.
fn proxy(url: &Url) -> Option<&'static str> {
    let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    PROXIES.into_iter().filter(|_| !is_loopback(url)).find(is_set)
}

/// An error and its causes, from the outside in. The chain of an IO error leaves out the error that it holds.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |outer: &&'a (dyn Error + 'static)| {
        let error: &'a (dyn Error + 'static) = *outer;
        let held = error.downcast_ref().and_then(io::Error::get_ref);
        held.map(|held| held as &(dyn Error + 'static)).or_else(|| error.source())
    })
}

/// What to do if there are no certificates to check servers by.
pub(super) fn certificates() -> String {
    let help = "install the certificates of the system, or name a file with certificates in SSL_CERT_FILE";
    named_file().unwrap_or_else(|| help.to_owned())
}

/// Whether reading the file in SSL_CERT_FILE might never end.
pub(super) fn is_endless() -> bool {
    let name = std::env::var_os("SSL_CERT_FILE").unwrap_or_default();
    std::fs::metadata(name).is_ok_and(|file| !file.is_file() && !file.is_dir())
}

/// What is wrong with the file in SSL_CERT_FILE, as far as can be seen from outside.
fn named_file() -> Option<String> {
    let name = std::env::var_os("SSL_CERT_FILE").filter(|name| !name.is_empty())?;
    let name = std::path::Path::new(&name);
    let what = match std::fs::metadata(name) {
        Err(error) => format!("cannot be read: {error}"),
        Ok(file) if file.is_dir() => "is a folder; name it in SSL_CERT_DIR instead".to_owned(),
        Ok(file) if !file.is_file() => "is a device or a pipe, and may have no end".to_owned(),
        Ok(file) if file.len() == 0 => "is empty, so it holds no certificate".to_owned(),
        Ok(_) => return None,
    };
    Some(format!(
        "SSL_CERT_FILE names `{}`, which {what}; correct it, or remove the variable",
        name.display()
    ))
}
