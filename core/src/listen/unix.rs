//! Unix sockets and the files they leave behind.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};
use tokio::net::UnixStream;

use crate::config::SocketConfig;

/// How long a socket that may be stale has to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(1);

/// The file of a socket; removed on drop, unless another has taken its place.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|identity| identity == self.identity) {
            // Nobody is left to tell; the next start removes a stale file.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Binds a unix socket. A file in the way is removed when it is a socket on
/// which nothing answers.
pub(super) async fn bind(
    path: &Path,
    options: &SocketConfig,
) -> io::Result<(UnixListener, SocketFile)> {
    match bind_once(path, options) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            remove_stale(path).await?;
            bind_once(path, options)
        }
        bound => bound,
    }
}

fn bind_once(path: &Path, options: &SocketConfig) -> io::Result<(UnixListener, SocketFile)> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(path)?)?;
    let file = SocketFile {
        path: path.to_owned(),
        identity: identity(path)?,
    };
    // Nobody can connect before `listen`, so there is no moment with wider
    // permissions than asked for.
    fs::set_permissions(path, fs::Permissions::from_mode(options.unix_mode))?;
    socket.listen(i32::try_from(options.backlog).unwrap_or(i32::MAX))?;
    Ok((socket.into(), file))
}

async fn remove_stale(path: &Path) -> io::Result<()> {
    let in_use = |why: &str| io::Error::new(io::ErrorKind::AddrInUse, why.to_owned());
    if !fs::symlink_metadata(path)?.file_type().is_socket() {
        return Err(in_use("the file exists and is not a socket"));
    }
    match tokio::time::timeout(ANSWER_LIMIT, UnixStream::connect(path)).await {
        Ok(Err(refused)) if refused.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path)
        }
        _ => Err(in_use("another process serves on the socket")),
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}
