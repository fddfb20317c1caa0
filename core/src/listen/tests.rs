use std::io;
use std::net::TcpStream as StdTcpStream;

use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::*;

async fn bind(addr: &str) -> io::Result<Listener> {
    Listener::bind(addr, &SocketConfig::default()).await
}

#[tokio::test]
async fn all_interfaces_take_ipv4() {
    let mut listener = bind(":0").await.unwrap();
    let port = listener.local_addr().port().unwrap();
    assert_ne!(port, 0);
    let _client = StdTcpStream::connect(("127.0.0.1", port)).unwrap();
    let (stream, peer) = listener.accept().await.unwrap();
    let Peer::Tcp(peer) = peer else {
        panic!("{peer:?}")
    };
    assert_eq!(peer.ip().to_string(), "127.0.0.1");
    let Stream::Tcp(stream) = stream else {
        panic!("{stream:?}")
    };
    assert!(stream.nodelay().unwrap());
}

#[tokio::test]
async fn a_name_is_resolved_and_options_are_applied() {
    let options = SocketConfig::default()
        .with_nodelay(false)
        .with_reuse_port(true);
    let mut listener = Listener::bind("localhost:0", &options).await.unwrap();
    let address = listener.local_addr().socket_addr().unwrap();
    assert!(address.ip().is_loopback());
    let shared = format!("{address}");
    Listener::bind(&shared, &options).await.unwrap();
    let _client = StdTcpStream::connect(address).unwrap();
    let (Stream::Tcp(stream), _) = listener.accept().await.unwrap() else {
        panic!("not TCP")
    };
    assert!(!stream.nodelay().unwrap());
}

#[tokio::test]
async fn a_taken_port_is_reported_as_such() {
    let taken = bind("127.0.0.1:0").await.unwrap();
    let error = bind(&taken.local_addr().to_string()).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    let error = bind("nonsense").await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_given_socket_joins_the_runtime_when_served() {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let mut listener = Listener::from(socket);
    assert_eq!(listener.local_addr().socket_addr(), Some(address));
    let _client = StdTcpStream::connect(address).unwrap();
    assert!(listener.accept().await.is_ok());
}

#[cfg(unix)]
mod unix_sockets {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixStream as StdUnixStream;

    use super::*;

    fn mode(path: &std::path::Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn a_private_file_that_goes_away_with_the_listener() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.sock");
        let addr = format!("unix:{}", path.display());
        let mut listener = bind(&addr).await.unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(listener.local_addr().to_string(), addr);
        assert_eq!(listener.local_addr().unix_path(), Some(path.as_path()));
        assert_eq!(listener.local_addr().port(), None);
        let mut client = tokio::net::UnixStream::connect(&path).await.unwrap();
        let (mut stream, peer) = listener.accept().await.unwrap();
        assert_eq!(peer, Peer::Unix);
        assert!(stream.is_write_vectored());
        stream.write_all(b"hello").await.unwrap();
        stream.shutdown().await.unwrap();
        let mut text = String::new();
        client.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "hello");
        drop(listener);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn other_permissions_on_request() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.sock");
        let options = SocketConfig::default().with_unix_mode(0o660);
        let addr = format!("unix:{}", path.display());
        let _listener = Listener::bind(&addr, &options).await.unwrap();
        assert_eq!(mode(&path), 0o660);
    }

    #[tokio::test]
    async fn only_a_stale_socket_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.sock");
        let addr = format!("unix:{}", path.display());
        // Left behind: bound, and closed without removal of the file.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let serving = bind(&addr).await.unwrap();
        let error = bind(&addr).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        assert!(StdUnixStream::connect(&path).is_ok());
        drop(serving);
        std::fs::write(&path, "precious").unwrap();
        let error = bind(&addr).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    }

    #[tokio::test]
    async fn the_file_of_a_successor_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.sock");
        let first = bind(&format!("unix:{}", path.display())).await.unwrap();
        let kept = folder.path().join("kept.sock");
        std::fs::rename(&path, &kept).unwrap();
        let _second = std::os::unix::net::UnixListener::bind(&path).unwrap();
        drop(first);
        assert!(path.exists());
    }

    #[tokio::test]
    async fn a_descriptor_is_taken_over() {
        use std::os::fd::IntoRawFd;
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let mut listener = bind(&format!("fd:{}", socket.into_raw_fd())).await.unwrap();
        assert_eq!(listener.local_addr().socket_addr(), Some(address));
        let client = StdTcpStream::connect(address).unwrap();
        listener.accept().await.unwrap();
        drop(client);
        drop(listener);
        // Nothing holds the socket any more.
        assert!(StdTcpStream::connect(address).is_err());
    }

    #[tokio::test]
    async fn a_descriptor_that_does_not_listen_is_refused_and_left_alone() {
        use std::os::fd::AsRawFd;
        let file = tempfile::tempfile().unwrap();
        let error = bind(&format!("fd:{}", file.as_raw_fd())).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(file.metadata().is_ok());
        let datagrams = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let error = bind(&format!("fd:{}", datagrams.as_raw_fd()))
            .await
            .unwrap_err();
        assert!(error.to_string().contains("not a stream socket"), "{error}");
        let error = bind("fd:1000000").await.unwrap_err();
        assert!(error.raw_os_error().is_some(), "{error}");
    }
}
