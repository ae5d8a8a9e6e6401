//! A PostgreSQL cluster for a server that needs a database.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::child::{Kept, folder_not_of_root, keep};

/// A running cluster. Its socket is in its folder; whoever reaches that is let in.
pub(crate) struct Postgres {
    pub(crate) folder: PathBuf,
    _server: Kept,
}

/// The newest version in the places where Debian installs them.
pub(crate) fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let version = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions.filter_map(|entry| Some(entry.ok()?.path())).max_by_key(version)?;
    Some(newest.join("bin")).filter(|programs| programs.join("initdb").exists())
}

/// Why there can be no cluster.
pub(crate) fn missing() -> Option<&'static str> {
    programs().is_none().then_some("PostgreSQL is not installed; apt-get install postgresql")
}

/// Creates and starts a cluster. Nothing in it has to survive a loss of power.
const SCRIPT: &str = r#"
"$1/initdb" -D data -U directus -A trust -E UTF8 --locale=C --no-sync &&
exec "$1/postgres" -D data -c listen_addresses= -c unix_socket_directories="$PWD" -c fsync=off -c full_page_writes=off
"#;

/// Starts a new cluster.
pub(crate) fn start(programs: &Path) -> io::Result<Postgres> {
    let folder = folder_not_of_root()?;
    let mut postgres = Command::new("sh");
    postgres.args(["-c", SCRIPT, "postgres"]).arg(programs);
    // A kill would leave shared memory behind.
    let server = keep(&folder, "QUIT", &postgres)?;
    server.wait(|| folder.join(".s.PGSQL.5432").exists())?;
    Ok(Postgres { folder, _server: server })
}
