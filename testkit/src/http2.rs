//! HTTP/2 clients: one that keeps to the protocol, and raw frames for one
//! that does not.

use std::io;
use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use h2::client::SendRequest;
use http::{Request, Response};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

/// The client preface.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A well-behaved client over one connection.
#[derive(Clone, Debug)]
pub struct Http2Client {
    requests: SendRequest<Bytes>,
}

impl Http2Client {
    /// Connects with prior knowledge.
    ///
    /// # Errors
    /// When nothing listens or the handshake fails.
    pub async fn connect(address: SocketAddr) -> Result<Self, h2::Error> {
        let stream = TcpStream::connect(address)
            .await
            .map_err(|_| h2::Error::from(h2::Reason::CONNECT_ERROR))?;
        Self::over(stream).await
    }

    /// Speaks over any stream, for example TLS.
    ///
    /// # Errors
    /// When the handshake fails.
    pub async fn over<T>(stream: T) -> Result<Self, h2::Error>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (requests, connection) = h2::client::handshake(stream).await?;
        tokio::spawn(async move {
            // The end of the connection shows in the requests on it.
            let _ = connection.await;
        });
        Ok(Self { requests })
    }

    /// Sends a request and reads the whole response.
    ///
    /// # Errors
    /// When the stream or the connection fails.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, h2::Error> {
        let (head, mut body) = self.open(request).await?.into_parts();
        let mut data = BytesMut::new();
        while let Some(chunk) = body.data().await {
            let chunk = chunk?;
            body.flow_control().release_capacity(chunk.len())?;
            data.extend_from_slice(&chunk);
        }
        Ok(Response::from_parts(head, data.freeze()))
    }

    /// Sends a request and returns the response with its body unread.
    ///
    /// # Errors
    /// When the stream or the connection fails.
    pub async fn open(
        &self,
        request: Request<Bytes>,
    ) -> Result<Response<h2::RecvStream>, h2::Error> {
        let mut requests = self.requests.clone().ready().await?;
        let (head, body) = request.into_parts();
        let end = body.is_empty();
        let (response, mut stream) = requests.send_request(Request::from_parts(head, ()), end)?;
        if !end {
            stream.send_data(body, true)?;
        }
        response.await
    }

    /// A `GET` of an absolute URI.
    ///
    /// # Errors
    /// When the stream or the connection fails.
    ///
    /// # Panics
    /// When the URI is malformed.
    pub async fn get(&self, uri: &str) -> Result<Response<Bytes>, h2::Error> {
        let request = Request::get(uri).body(Bytes::new()).expect("a legal URI");
        self.send(request).await
    }
}

/// One HTTP/2 frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Type, RFC 9113 section 6.
    pub kind: u8,
    /// Flags.
    pub flags: u8,
    /// Stream identifier.
    pub stream: u32,
    /// Payload.
    pub payload: Vec<u8>,
}

/// Frame types that tests use.
pub mod kind {
    /// HEADERS.
    pub const HEADERS: u8 = 1;
    /// RST_STREAM.
    pub const RST_STREAM: u8 = 3;
    /// SETTINGS.
    pub const SETTINGS: u8 = 4;
    /// PING.
    pub const PING: u8 = 6;
    /// GOAWAY.
    pub const GOAWAY: u8 = 7;
    /// CONTINUATION.
    pub const CONTINUATION: u8 = 9;
}

/// A client that sends frames as it is told.
#[derive(Debug)]
pub struct RawHttp2 {
    stream: TcpStream,
}

impl RawHttp2 {
    /// Connects and sends preface and empty SETTINGS.
    ///
    /// # Errors
    /// When nothing listens.
    pub async fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        let mut client = Self { stream };
        client.stream.write_all(PREFACE).await?;
        client.send(kind::SETTINGS, 0, 0, &[]).await?;
        Ok(client)
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn send(
        &mut self,
        kind: u8,
        flags: u8,
        stream: u32,
        payload: &[u8],
    ) -> io::Result<()> {
        let length = u32::try_from(payload.len()).map_err(io::Error::other)?;
        let mut frame = Vec::with_capacity(9 + payload.len());
        frame.extend_from_slice(&length.to_be_bytes()[1..]);
        frame.extend_from_slice(&[kind, flags]);
        frame.extend_from_slice(&stream.to_be_bytes());
        frame.extend_from_slice(payload);
        self.stream.write_all(&frame).await
    }

    /// Opens a stream with a minimal `GET /`.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn get_root(&mut self, stream: u32) -> io::Result<()> {
        // RFC 7541: indexed :method GET, :scheme http, :path /, then a literal
        // :authority `test`.
        let block = [0x82, 0x86, 0x84, 0x41, 0x04, b't', b'e', b's', b't'];
        self.send(kind::HEADERS, 0x5, stream, &block).await
    }

    /// Reads a frame; `None` when the server closed.
    ///
    /// # Errors
    /// When the connection was reset.
    pub async fn receive(&mut self) -> io::Result<Option<Frame>> {
        let mut head = [0; 9];
        match self.stream.read_exact(&mut head).await {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        self.stream.read_exact(&mut payload).await?;
        Ok(Some(Frame {
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff,
            payload,
        }))
    }

    /// Reads until GOAWAY and returns its error code; `None` when the
    /// connection ended without one.
    pub async fn goaway(&mut self) -> Option<u32> {
        while let Ok(Some(frame)) = self.receive().await {
            if frame.kind == kind::GOAWAY {
                let code = frame.payload.get(4..8)?;
                return Some(u32::from_be_bytes(code.try_into().ok()?));
            }
        }
        None
    }
}
