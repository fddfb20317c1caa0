//! A raw HTTP/1 client: sends exactly the bytes it is told, in the pieces it
//! is told, and reads what comes back.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

/// A connection that speaks bytes.
pub struct RawClient {
    io: Box<dyn Io>,
    buffer: BytesMut,
}

impl std::fmt::Debug for RawClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawClient").finish_non_exhaustive()
    }
}

/// A response read from the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawResponse {
    /// Status code.
    pub status: u16,
    /// Names in lower case, with values, in wire order.
    pub headers: Vec<(String, String)>,
    /// The body, without chunk framing.
    pub body: Vec<u8>,
}

impl RawResponse {
    /// The first value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When the body is no JSON.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("not JSON ({e}): {}", self.text()))
    }
}

/// How a read ended.
#[derive(Debug)]
pub enum Incoming {
    /// A whole response.
    Response(RawResponse),
    /// The server closed the connection in order before any byte.
    Closed,
    /// The server reset the connection, or closed it inside a response.
    Broken(io::Error),
}

impl RawClient {
    /// Connects by TCP.
    ///
    /// # Panics
    /// When nothing listens there.
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address)
            .await
            .expect("a listening server");
        stream.set_nodelay(true).expect("a TCP option");
        Self::over(stream)
    }

    /// Connects by a unix socket.
    ///
    /// # Panics
    /// When nothing listens there.
    pub async fn connect_unix(path: &Path) -> Self {
        Self::over(UnixStream::connect(path).await.expect("a listening server"))
    }

    /// Connects by TLS.
    ///
    /// # Errors
    /// When the handshake fails.
    pub async fn connect_tls(
        address: SocketAddr,
        name: &str,
        config: Arc<tokio_rustls::rustls::ClientConfig>,
    ) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        let stream = TlsConnector::from(config).connect(name, stream).await?;
        Ok(Self::over(stream))
    }

    /// Speaks over any stream.
    pub fn over(io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Self {
        Self {
            io: Box::new(io),
            buffer: BytesMut::new(),
        }
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.io.write_all(bytes.as_ref()).await?;
        self.io.flush().await
    }

    /// Closes the sending half.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn finish(&mut self) -> io::Result<()> {
        self.io.shutdown().await
    }

    /// Sends one request and reads its response.
    ///
    /// # Panics
    /// When there is none.
    pub async fn exchange(&mut self, request: impl AsRef<[u8]>) -> RawResponse {
        self.send(request).await.expect("an open connection");
        self.response().await
    }

    /// Reads one response.
    ///
    /// # Panics
    /// When the connection ends instead.
    pub async fn response(&mut self) -> RawResponse {
        match self.read(false).await {
            Incoming::Response(response) => response,
            other => panic!("expected a response, got {other:?}"),
        }
    }

    /// Reads the response to a `HEAD` request: headers only.
    ///
    /// # Panics
    /// When the connection ends instead.
    pub async fn head_response(&mut self) -> RawResponse {
        match self.read(true).await {
            Incoming::Response(response) => response,
            other => panic!("expected a response, got {other:?}"),
        }
    }

    /// Reads whatever comes.
    pub async fn incoming(&mut self) -> Incoming {
        self.read(false).await
    }

    /// Reads bytes as they are; empty at the end.
    ///
    /// # Errors
    /// When the connection was reset.
    pub async fn read_some(&mut self) -> io::Result<Vec<u8>> {
        if self.buffer.is_empty() {
            self.io.read_buf(&mut self.buffer).await?;
        }
        Ok(self.buffer.split().to_vec())
    }

    /// Waits until the server ends the connection, dropping what it sends.
    /// True for an orderly end, false for a reset.
    pub async fn closed(&mut self) -> bool {
        let mut sink = [0; 16 * 1024];
        loop {
            match self.io.read(&mut sink).await {
                Ok(0) => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }

    async fn read(&mut self, head_only: bool) -> Incoming {
        match self.read_response(head_only).await {
            Ok(Some(response)) => Incoming::Response(response),
            Ok(None) => Incoming::Closed,
            Err(error) => Incoming::Broken(error),
        }
    }

    async fn read_response(&mut self, head_only: bool) -> io::Result<Option<RawResponse>> {
        let mut response = loop {
            let Some(head) = self.read_head().await? else {
                return Ok(None);
            };
            let response = parse_head(&head)?;
            // Interim responses come before the real one.
            if response.status >= 200 || response.status == 101 {
                break response;
            }
        };
        let bodiless = head_only || matches!(response.status, 101 | 204 | 304);
        if bodiless {
            return Ok(Some(response));
        }
        response.body = if let Some(length) = response.header("content-length") {
            let length = length.parse().map_err(io::Error::other)?;
            self.read_exact(length).await?
        } else if response.header("transfer-encoding") == Some("chunked") {
            self.read_chunks().await?
        } else {
            self.read_to_end().await?
        };
        Ok(Some(response))
    }

    async fn fill(&mut self) -> io::Result<()> {
        if self.io.read_buf(&mut self.buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    async fn read_head(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                return Ok(Some(self.buffer.split_to(end + 4).to_vec()));
            }
            if self.buffer.is_empty() && self.io.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
            if find(&self.buffer, b"\r\n\r\n").is_none() {
                self.fill().await?;
            }
        }
    }

    async fn read_exact(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < length {
            self.fill().await?;
        }
        Ok(self.buffer.split_to(length).to_vec())
    }

    async fn read_line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n") {
                let line = self.buffer.split_to(end);
                self.buffer.advance(2);
                return Ok(String::from_utf8_lossy(&line).into_owned());
            }
            self.fill().await?;
        }
    }

    async fn read_chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.read_line().await?;
            let size = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
            if size == 0 {
                while !self.read_line().await?.is_empty() {}
                return Ok(body);
            }
            body.extend(self.read_exact(size).await?);
            self.read_exact(2).await?;
        }
    }

    /// Reads the next chunk of a chunked body; `None` at its end. For
    /// responses that are read while they grow.
    ///
    /// # Errors
    /// When the connection breaks off.
    pub async fn chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        let line = self.read_line().await?;
        let size = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        let data = self.read_exact(size).await?;
        self.read_exact(2).await?;
        Ok((size > 0).then_some(data))
    }

    /// Reads a response head and leaves the body to [`chunk`](Self::chunk) or
    /// [`read_some`](Self::read_some).
    ///
    /// # Panics
    /// When the connection ends instead.
    pub async fn response_head(&mut self) -> RawResponse {
        let head = self.read_head().await.expect("an open connection");
        parse_head(&head.expect("a response")).expect("a response head")
    }

    async fn read_to_end(&mut self) -> io::Result<Vec<u8>> {
        while self.io.read_buf(&mut self.buffer).await? > 0 {}
        Ok(self.buffer.split().to_vec())
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}

fn parse_head(head: &[u8]) -> io::Result<RawResponse> {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|code| code.parse().ok())
        .ok_or_else(|| io::Error::other(format!("no status line: {text}")))?;
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Ok(RawResponse {
        status,
        headers,
        body: Vec::new(),
    })
}

/// Connects, sends one request and reads one response.
pub async fn exchange(address: SocketAddr, request: impl AsRef<[u8]>) -> RawResponse {
    RawClient::connect(address).await.exchange(request).await
}

/// A `GET` of `path` with the headers a request needs.
#[must_use]
pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n")
}

/// A `POST` of a JSON document.
#[must_use]
pub fn post_json(path: &str, document: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{document}",
        document.len()
    )
}
