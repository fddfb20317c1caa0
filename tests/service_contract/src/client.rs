//! Sends requests: ordinary ones through a client, malformed ones as bytes.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use ureq::Agent;
use ureq::http::{Request, Uri};

use crate::answer::{Answer, Mismatch};
use crate::{InvalidTarget, Routes, Success, Target};

/// Longest wait for any answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The service under examination.
pub(crate) struct Service {
    url: String,
    authority: String,
    prefix: String,
    agent: Agent,
    pub(crate) write_key: Option<String>,
    pub(crate) success: Success,
    pub(crate) routes: Routes,
}

/// A request to make.
#[derive(Clone)]
pub(crate) struct Ask {
    method: &'static str,
    target: String,
    headers: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
    key: Key,
}

/// Which write key goes along.
#[derive(Clone)]
enum Key {
    /// The right one, where there is one and the method writes.
    Right,
    None,
    Other(&'static str),
}

impl Ask {
    pub(crate) fn new(method: &'static str, target: impl Into<String>) -> Self {
        Self {
            method,
            target: target.into(),
            headers: Vec::new(),
            body: None,
            key: Key::Right,
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// A body of type `application/json`, whatever it says.
    pub(crate) fn json(self, body: impl Into<Vec<u8>>) -> Self {
        self.typed("application/json", body)
    }

    pub(crate) fn typed(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self.header("content-type", content_type)
    }

    pub(crate) fn without_key(mut self) -> Self {
        self.key = Key::None;
        self
    }

    pub(crate) fn with_key(mut self, key: &'static str) -> Self {
        self.key = Key::Other(key);
        self
    }

    fn describe(&self) -> String {
        let mut text = format!("{} {}", self.method, self.target);
        for (name, value) in &self.headers {
            text += &format!(" [{name}: {}]", shorten(value));
        }
        if let Some(body) = &self.body {
            text += &format!(" {}", shorten(&String::from_utf8_lossy(body)));
        }
        text
    }
}

impl Service {
    pub(crate) fn new(target: &Target) -> Result<Self, InvalidTarget> {
        let invalid = || InvalidTarget::Url(target.url.clone());
        let url = target.url.trim_end_matches('/');
        let uri: Uri = url.parse().map_err(|_| invalid())?;
        let host = uri.host().filter(|_| uri.scheme_str() == Some("http"));
        let host = host.ok_or_else(invalid)?;
        if let Some(key) = &target.write_key
            && (key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()))
        {
            return Err(InvalidTarget::WriteKey);
        }
        Ok(Self {
            authority: format!("{host}:{}", uri.port_u16().unwrap_or(80)),
            prefix: uri.path().trim_end_matches('/').to_owned(),
            url: url.to_owned(),
            agent: agent(),
            write_key: target.write_key.clone(),
            success: target.success,
            routes: target.routes,
        })
    }

    /// Whether it has the routes of the reference services.
    pub(crate) fn is_canonical(&self) -> bool {
        self.routes == Routes::Canonical
    }

    pub(crate) fn get(&self, target: &str) -> Result<Answer, Mismatch> {
        self.send(Ask::new("GET", target))
    }

    pub(crate) fn send(&self, ask: Ask) -> Result<Answer, Mismatch> {
        let what = ask.describe();
        let mut request = Request::builder()
            .method(ask.method)
            .uri(format!("{}{}", self.url, ask.target));
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        if let Some(key) = self.key(&ask) {
            request = request.header("x-write-key", key);
        }
        let sent = match ask.body {
            Some(body) => request.body(body).map(|request| self.agent.run(request)),
            None => request.body(()).map(|request| self.agent.run(request)),
        };
        let refused = |why: String| Mismatch::new(format!("{what}: no answer: {why}"));
        let response = sent.map_err(|error| refused(error.to_string()))?;
        let mut response = response.map_err(|error| refused(error.to_string()))?;
        let body = response.body_mut().read_to_vec();
        let body = body.map_err(|error| refused(error.to_string()))?;
        let (head, _) = response.into_parts();
        Ok(Answer::new(
            what,
            head.status,
            head.headers,
            body,
            self.success,
        ))
    }

    fn key<'a>(&'a self, ask: &'a Ask) -> Option<&'a str> {
        match ask.key {
            Key::None => None,
            Key::Other(key) => Some(key),
            Key::Right if matches!(ask.method, "POST" | "PUT" | "PATCH" | "DELETE") => {
                self.write_key.as_deref()
            }
            Key::Right => None,
        }
    }

    /// Sends lines as they are, each ended by CR LF, then an empty one. `HOST`
    /// stands for the authority of the service, `/` at the start of a request
    /// target for its prefix. The connection is not used again.
    pub(crate) fn send_lines(&self, lines: &[&str]) -> Result<Answer, Mismatch> {
        let what = lines.join(" | ");
        let mut head = lines.join("\r\n").replace("HOST", &self.authority);
        if let Some((method, rest)) = head.split_once(" /") {
            head = format!("{method} {}/{rest}", self.prefix);
        }
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(b"\r\n\r\n");
        let answer = self.exchange(&bytes);
        let answer =
            answer.map_err(|error| Mismatch::new(format!("{what}: no answer: {error}")))?;
        Answer::parse(what, &answer, self.success)
    }

    fn exchange(&self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut addresses = self.authority.to_socket_addrs()?;
        let address = addresses.next().ok_or(std::io::ErrorKind::NotFound)?;
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.write_all(bytes)?;
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            // A server that refuses may reset the connection behind its answer.
            Err(error) if answer.is_empty() => Err(error),
            _ => Ok(answer),
        }
    }
}

fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .timeout_global(Some(PATIENCE))
        .max_redirects(0)
        .build()
        .into()
}

/// Enough of a text to recognise it.
pub(crate) fn shorten(text: &str) -> String {
    const CHARS_MAX: usize = 400;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
