//! A server that answers as a test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What a server was sent: the head, then the body.
type Seen = Arc<Mutex<Vec<String>>>;

/// A server that answers the requests of every connection in turn; `None` closes
/// the connection instead.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    seen: Seen,
    /// Requests on connections that others had come on.
    on_kept: Arc<AtomicUsize>,
}

type Answers = Arc<dyn Fn(usize, &str) -> Option<Vec<u8>> + Send + Sync>;

impl Upstream {
    /// `answer` is given the number of the request on the connection, and its
    /// head.
    pub(crate) fn new(
        answer: impl Fn(usize, &str) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), answer)
    }

    /// The same at an address of the test's own.
    pub(crate) fn on(
        listener: TcpListener,
        answer: impl Fn(usize, &str) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let (seen, on_kept) = (Seen::default(), Arc::new(AtomicUsize::new(0)));
        let (log, count, answer): (_, _, Answers) =
            (seen.clone(), on_kept.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (log, count, answer) = (log.clone(), count.clone(), answer.clone());
                std::thread::spawn(move || talk(stream, &log, &count, &*answer));
            }
        });
        Self {
            address,
            seen,
            on_kept,
        }
    }

    /// Answers everything the same.
    pub(crate) fn always(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::new(move |_, _| Some(answer.clone()))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn on_kept(&self) -> usize {
        self.on_kept.load(Ordering::SeqCst)
    }

    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn talk(
    stream: TcpStream,
    seen: &Mutex<Vec<String>>,
    on_kept: &AtomicUsize,
    answer: &dyn Fn(usize, &str) -> Option<Vec<u8>>,
) -> Option<()> {
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::new(stream);
    for number in 0.. {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let length = head.to_ascii_lowercase();
        let length = length
            .split_once("content-length: ")
            .map_or(0, |(_, rest)| {
                rest.split_once('\r').unwrap().0.parse().unwrap()
            });
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let whole = format!("{head}{}", String::from_utf8_lossy(&body));
        seen.lock().unwrap().push(whole);
        if number > 0 {
            on_kept.fetch_add(1, Ordering::SeqCst);
        }
        writer.write_all(&answer(number, &head)?).ok()?;
    }
    None
}
