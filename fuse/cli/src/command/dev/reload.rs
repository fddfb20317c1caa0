//! The WebSocket that tells browsers to load a page again.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde::Serialize;
use tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tungstenite::http::{StatusCode, Uri};
use tungstenite::{Message, accept_hdr};

/// Where browsers connect.
const PATH: &str = "/__reload";

/// How long a browser may take to connect or to read.
const PATIENCE: Duration = Duration::from_secs(5);

/// Browsers that are told at most; a page is one.
const BROWSERS_MAX: usize = 64;

/// What browsers are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Notice {
    /// The program does not compile.
    CompileError {
        /// Where, and what is wrong.
        message: String,
    },
    /// It does again.
    ClearError,
    /// Only style sheets changed.
    Css,
    /// Load the page again.
    Reload,
}

impl Notice {
    fn text(&self) -> String {
        match self {
            Self::Reload => "reload".to_owned(),
            // Texts always serialize.
            notice => serde_json::to_string(notice).unwrap_or_default(),
        }
    }
}

/// Who listens, and what somebody who comes later has to know.
#[derive(Debug, Default)]
struct Browsers {
    listening: Vec<Sender<Notice>>,
    error: Option<Notice>,
}

/// Tells browsers. It ends with the process.
#[derive(Clone, Debug)]
pub(super) struct Reload {
    browsers: Arc<Mutex<Browsers>>,
    address: SocketAddr,
}

impl Reload {
    /// Listens on a port of its own, for this machine only.
    ///
    /// # Errors
    ///
    /// When no port or no thread is to be had.
    pub(super) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let reload = Self {
            browsers: Arc::default(),
            address: listener.local_addr()?,
        };
        let accepting = reload.clone();
        thread::Builder::new()
            .name("reload".to_owned())
            .spawn(move || accepting.accept(&listener))?;
        Ok(reload)
    }

    /// Where browsers connect.
    pub(super) fn url(&self) -> String {
        format!("ws://{}{PATH}", self.address)
    }

    /// Tells every browser.
    pub(super) fn tell(&self, notice: &Notice) {
        let mut browsers = self.browsers.lock().unwrap_or_else(PoisonError::into_inner);
        match notice {
            Notice::CompileError { .. } => browsers.error = Some(notice.clone()),
            Notice::ClearError => browsers.error = None,
            Notice::Css | Notice::Reload => {}
        }
        // Who does not listen any more has gone.
        let tell = |browser: &Sender<Notice>| browser.send(notice.clone()).is_ok();
        browsers.listening.retain(tell);
    }

    fn accept(&self, listener: &TcpListener) {
        for stream in listener.incoming().flatten() {
            let reload = self.clone();
            let serve = move || {
                // What a browser does not understand ends its connection only.
                let _ = reload.serve(stream);
            };
            // Without a thread this browser has to be loaded by hand.
            drop(
                thread::Builder::new()
                    .name("browser".to_owned())
                    .spawn(serve),
            );
        }
    }

    fn serve(&self, stream: TcpStream) -> Result<(), Box<dyn std::error::Error>> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut socket = accept_hdr(stream, check).map_err(|error| error.to_string())?;
        let (send, notices) = mpsc::channel();
        {
            let mut browsers = self.browsers.lock().unwrap_or_else(PoisonError::into_inner);
            if browsers.listening.len() >= BROWSERS_MAX {
                browsers.listening.remove(0);
            }
            if let Some(error) = &browsers.error {
                send.send(error.clone())?;
            }
            browsers.listening.push(send);
        }
        for notice in notices {
            socket.send(Message::text(notice.text()))?;
        }
        Ok(())
    }
}

/// Lets in pages that this machine serves, and nobody else: a page from
/// elsewhere must not learn what is being worked on.
#[expect(
    clippy::result_large_err,
    reason = "the signature is that of the callback"
)]
fn check(request: &Request, response: Response) -> Result<Response, ErrorResponse> {
    let refuse = |status| {
        let mut response = ErrorResponse::new(None);
        *response.status_mut() = status;
        Err(response)
    };
    if request.uri().path() != PATH {
        return refuse(StatusCode::NOT_FOUND);
    }
    let origin = request.headers().get("origin");
    match origin.and_then(|origin| origin.to_str().ok()) {
        Some(origin) if is_loopback(origin) => Ok(response),
        _ => refuse(StatusCode::FORBIDDEN),
    }
}

fn is_loopback(origin: &str) -> bool {
    let host = origin.parse::<Uri>().ok();
    let host = host.as_ref().and_then(Uri::host).unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use tungstenite::client::IntoClientRequest;
    use tungstenite::{WebSocket, client};

    use super::*;

    fn connect(reload: &Reload, origin: &str) -> Result<WebSocket<TcpStream>, String> {
        let mut request = reload.url().into_client_request().unwrap();
        if !origin.is_empty() {
            let origin = origin.parse().unwrap();
            request.headers_mut().insert("origin", origin);
        }
        let stream = TcpStream::connect(reload.address).unwrap();
        let connected = client(request, stream);
        connected
            .map(|(socket, _)| socket)
            .map_err(|error| error.to_string())
    }

    fn read(socket: &mut WebSocket<TcpStream>) -> String {
        socket.read().unwrap().to_text().unwrap().to_owned()
    }

    /// Tells somebody until a browser is there to hear it.
    fn tell_listener(reload: &Reload, notice: &Notice) {
        while reload.browsers.lock().unwrap().listening.is_empty() {
            thread::yield_now();
        }
        reload.tell(notice);
    }

    #[test]
    fn pages_of_this_machine_are_told() {
        let reload = Reload::start().unwrap();
        let mut socket = connect(&reload, "http://127.0.0.1:3000").unwrap();
        tell_listener(&reload, &Notice::Css);
        reload.tell(&Notice::Reload);
        assert_eq!(read(&mut socket), "{\"type\":\"css\"}");
        assert_eq!(read(&mut socket), "reload");
    }

    #[test]
    fn an_error_is_told_to_those_who_come_later() {
        let reload = Reload::start().unwrap();
        let message = "a.fuse:1:2: no".to_owned();
        reload.tell(&Notice::CompileError { message });
        let mut socket = connect(&reload, "http://localhost:3000").unwrap();
        let told = "{\"type\":\"compile_error\",\"message\":\"a.fuse:1:2: no\"}";
        assert_eq!(read(&mut socket), told);
        tell_listener(&reload, &Notice::ClearError);
        assert_eq!(read(&mut socket), "{\"type\":\"clear_error\"}");
    }

    #[test]
    fn others_are_refused() {
        let reload = Reload::start().unwrap();
        for origin in [
            "",
            "null",
            "http://elsewhere.example",
            "http://127.0.0.1.example",
        ] {
            let error = connect(&reload, origin).unwrap_err();
            assert!(error.contains("403"), "{origin}: {error}");
        }
    }

    #[test]
    fn loopback_has_several_names() {
        for origin in [
            "http://127.0.0.1:1",
            "https://127.8.8.8",
            "http://[::1]:3000",
            "http://localhost",
        ] {
            assert!(is_loopback(origin), "{origin}");
        }
        for origin in [
            "http://10.0.0.1",
            "file://",
            "localhost.example",
            "http://[::2]",
        ] {
            assert!(!is_loopback(origin), "{origin}");
        }
    }
}
