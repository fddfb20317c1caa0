//! The application on a listener of its own, from start to stop.

use std::net::SocketAddr;

use plumego_contract::{Json, Reply};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;

/// A running application.
struct Running {
    addr: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<(), AppError>>,
}

async fn start(config: Config, add: impl FnOnce(&mut App)) -> Running {
    let config = Config {
        addr: "127.0.0.1:0".to_owned(),
        ..config
    };
    let mut bench = Bench::new(&config);
    add(bench.app());
    let (stop, stopped) = oneshot::channel();
    let options = RunOptions::default().with_shutdown(async { drop(stopped.await) });
    let (bound, address) = oneshot::channel();
    let announce = |addr: &BoundAddr| bound.send(addr.socket_addr().unwrap()).unwrap();
    let ended = tokio::spawn(run(bench.service, options, announce));
    Running {
        addr: address.await.unwrap(),
        stop,
        ended,
    }
}

/// Sends a request and reads to the end of the connection.
async fn exchange(addr: SocketAddr, target: &str) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let head = format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A connection that is cut ends with what came before.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn it_serves_and_ends_well() {
    let running = start(config::defaults(), |_| {}).await;
    assert!(
        exchange(running.addr, "/readyz")
            .await
            .starts_with("HTTP/1.1 200")
    );
    running.stop.send(()).unwrap();
    running.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_request_under_way_is_finished_before_it_ends() {
    let (entered, mut waiting) = tokio::sync::mpsc::channel(1);
    let (release, released) = tokio::sync::watch::channel(false);
    let running = start(config::defaults(), |app| {
        app.get("/slow", move |_| {
            let (entered, mut released) = (entered.clone(), released.clone());
            async move {
                entered.send(()).await.unwrap();
                released.wait_for(|go| *go).await.unwrap();
                Reply::ok("done")
            }
        })
        .unwrap();
    })
    .await;
    let client = tokio::spawn(async move { exchange(running.addr, "/slow").await });
    waiting.recv().await.unwrap();
    running.stop.send(()).unwrap();
    assert!(!running.ended.is_finished());
    release.send(true).unwrap();
    let answer = client.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"done\""));
    running.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stop_that_has_to_cut_requests_is_an_error() {
    let (entered, mut waiting) = tokio::sync::mpsc::channel(1);
    let config = Config {
        shutdown_timeout: Duration::from_millis(1),
        ..config::defaults()
    };
    let running = start(config, |app| {
        app.get("/never", move |_| {
            let entered = entered.clone();
            async move {
                entered.send(()).await.unwrap();
                std::future::pending::<Json<()>>().await
            }
        })
        .unwrap();
    })
    .await;
    let client = tokio::spawn(async move { exchange(running.addr, "/never").await });
    waiting.recv().await.unwrap();
    running.stop.send(()).unwrap();
    let error = running.ended.await.unwrap().unwrap_err();
    let AppError::Core(error) = error else {
        panic!("{error}");
    };
    assert_eq!(error.operation(), Operation::ShutdownApp);
    client.await.unwrap();
}

#[tokio::test]
async fn a_port_that_is_taken_ends_the_start() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let config = Config {
        addr: taken.local_addr().unwrap().to_string(),
        ..config::defaults()
    };
    let bench = Bench::new(&config);
    let ended = run(bench.service, RunOptions::default(), |_| panic!("bound")).await;
    let error = ended.unwrap_err();
    assert!(!error.is_config());
    assert!(matches!(&error, AppError::Core(error) if error.operation() == Operation::BindServer));
}
