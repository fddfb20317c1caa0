//! The service as its attacker meets it: a port, and bytes. What it says is
//! written down, so that it can be searched afterwards.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

pub(crate) const WRITE_KEY: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
pub(crate) const API_TOKEN: &str = "1a2b3c4d5e6f708192a3b4c5d6e7f809";
pub(crate) const OPS_TOKEN: &str = "9081726354453627180f9e8d7c6b5a49";
/// The beginning of whatever is guessed; a guess may be nearly right.
pub(crate) const GUESS: &str = "gu3ss-";
/// The one origin whose pages may call.
pub(crate) const ORIGIN: &str = "https://app.plumego.test";

const SECRETS: [&str; 4] = [WRITE_KEY, API_TOKEN, OPS_TOKEN, GUESS];

/// How long a test waits before it says that the service hangs. Nothing is
/// measured by it.
const PATIENCE: Duration = Duration::from_secs(60);

/// The service in strict mode, with every record of its log.
pub(crate) struct Target {
    child: Child,
    pub(crate) addr: SocketAddr,
    stdout: Option<JoinHandle<String>>,
    stderr: Option<JoinHandle<String>>,
    heard: Mutex<Vec<u8>>,
    _directory: tempfile::TempDir,
}

impl Target {
    /// Limits on requests are out of the way unless a test sets them.
    pub(crate) fn start(env: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_production-service"))
            .current_dir(directory.path())
            .env_clear()
            .env("APP_ENV", "production")
            .env("APP_ADDR", "127.0.0.1:0")
            .env("APP_LOG_FORMAT", "json")
            .env("APP_LOG_LEVEL", "trace")
            .env("APP_CORS_ALLOWED_ORIGINS", ORIGIN)
            .env("APP_WRITE_KEY", WRITE_KEY)
            .env("APP_API_TOKEN", API_TOKEN)
            .env("OPS_TOKEN", OPS_TOKEN)
            .env("APP_RATE_LIMIT", "1000000")
            .env("APP_RATE_BURST", "1000000")
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        let (addr, start) = listening(&mut stdout);
        Self {
            child,
            addr,
            stdout: Some(std::thread::spawn(move || read_all(&mut stdout, start))),
            stderr: Some(std::thread::spawn(move || {
                read_all(&mut stderr, String::new())
            })),
            heard: Mutex::default(),
            _directory: directory,
        }
    }

    /// Sends these bytes and listens until the service closes the connection;
    /// all that it answered.
    pub(crate) fn attack(&self, bytes: impl AsRef<[u8]>) -> Vec<Answer> {
        let mut connection = Connection::open(self.addr);
        connection.send(bytes.as_ref());
        self.note(connection.rest())
    }

    /// The one answer to these bytes.
    pub(crate) fn one(&self, bytes: impl AsRef<[u8]>) -> Answer {
        let mut answers = self.attack(bytes);
        assert_eq!(answers.len(), 1, "{answers:?}");
        answers.remove(0)
    }

    /// A plain request with these header lines.
    pub(crate) fn get(&self, target: &str, headers: &str) -> Answer {
        self.one(format!(
            "GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n"
        ))
    }

    /// Writes down what the service said on a connection.
    pub(crate) fn note(&self, said: Vec<u8>) -> Vec<Answer> {
        let answers = Answer::all(&said);
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.extend(said);
        answers
    }

    /// Ends the service after a last good request. Neither its answers nor its
    /// log have a secret, every record is one, and nothing panicked.
    pub(crate) fn finish(self) -> Vec<Value> {
        self.finish_on("/api/info")
    }

    /// As [`finish`](Self::finish), with another last request.
    pub(crate) fn finish_on(mut self, path: &str) -> Vec<Value> {
        assert_eq!(self.get(path, "").status, 200, "it does not serve any more");
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", "TERM", &pid]).status();
        assert!(sent.unwrap().success());
        let log = self.stdout.take().unwrap().join().unwrap();
        let errors = self.stderr.take().unwrap().join().unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{errors}");
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = String::from_utf8_lossy(&heard);
        for (place, text) in [("answers", &*heard), ("log", &log), ("errors", &errors)] {
            for secret in SECRETS {
                let found = text.lines().find(|line| line.contains(secret));
                assert!(found.is_none(), "{place}: {found:?}");
            }
        }
        let records = log.lines().map(|line| {
            let record = serde_json::from_str::<Value>(line);
            record.unwrap_or_else(|error| panic!("{error}: {line}"))
        });
        let records: Vec<_> = records.collect();
        assert!(
            records
                .iter()
                .all(|record| record["msg"] != "panic recovered"),
            "{log}"
        );
        records
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listening(log: &mut impl BufRead) -> (SocketAddr, String) {
    let mut read = String::new();
    loop {
        let before = read.len();
        assert_ne!(log.read_line(&mut read).unwrap(), 0, "it ended:\n{read}");
        let record: Value = serde_json::from_str(&read[before..]).unwrap();
        if record["msg"] == "listening" {
            return (record["addr"].as_str().unwrap().parse().unwrap(), read);
        }
    }
}

fn read_all(from: &mut impl Read, mut text: String) -> String {
    from.read_to_string(&mut text).unwrap();
    text
}

/// A connection of the attacker.
pub(crate) struct Connection(TcpStream);

impl Connection {
    pub(crate) fn open(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self(stream)
    }

    /// Sends as much as the service takes; false when it has gone.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).is_ok()
    }

    /// Everything until the service closes the connection, orderly or not.
    pub(crate) fn rest(mut self) -> Vec<u8> {
        let mut said = Vec::new();
        match self.0.read_to_end(&mut said) {
            Err(error) if is_wait(&error) => panic!("it keeps the connection: {said:?}"),
            _ => said,
        }
    }

    /// Sends one byte now and then for as long as the service bears it; what
    /// it said in the end.
    pub(crate) fn drip(mut self, byte: u8) -> Vec<u8> {
        let pause = Duration::from_millis(20);
        self.0.set_read_timeout(Some(pause)).unwrap();
        let mut said = Vec::new();
        let mut buffer = [0; 4096];
        for _ in 0..(PATIENCE.as_millis() / pause.as_millis()) {
            self.send(&[byte]);
            match self.0.read(&mut buffer) {
                Ok(0) => return said,
                Ok(read) => said.extend(&buffer[..read]),
                Err(error) if is_wait(&error) => {}
                Err(_) => return said,
            }
        }
        panic!("it bears everything: {said:?}");
    }
}

fn is_wait(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

/// An answer, as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Status line and header lines.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// Reads what came on one connection.
    fn all(mut said: &[u8]) -> Vec<Self> {
        let mut answers = Vec::new();
        while let Some(end) = said.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(said[..end].to_vec()).unwrap();
            let status = head.split(' ').nth(1).and_then(|text| text.parse().ok());
            let status = status.unwrap_or_else(|| panic!("no status: {head}"));
            let rest = &said[end + 4..];
            let mut answer = Self {
                status,
                head,
                body: String::new(),
            };
            let length = answer
                .header("content-length")
                .and_then(|text| text.parse().ok());
            let length = length.unwrap_or(rest.len()).min(rest.len());
            answer.body = String::from_utf8_lossy(&rest[..length]).into_owned();
            said = &rest[length..];
            answers.push(answer);
        }
        assert!(said.is_empty(), "no answer: {said:?}");
        answers
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self
            .head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(':'));
        let mut values = lines.filter(|(own, _)| own.eq_ignore_ascii_case(name));
        values.next().map(|(_, value)| value.trim())
    }

    /// The code of an error.
    pub(crate) fn code(&self) -> String {
        let document: Value =
            serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        document["error"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}
