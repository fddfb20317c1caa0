//! hyper alone: one path compared, one body made, the same bytes sent.

use std::convert::Infallible;
use std::io;
use std::net::TcpListener;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

pub(crate) async fn serve(listener: TcpListener) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            // A client that leaves is no error of the benchmark.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service_fn(answer))
                .await;
        });
    }
}

async fn answer(
    request: http::Request<Incoming>,
) -> Result<http::Response<Full<Bytes>>, Infallible> {
    let mut response = http::Response::new(Full::new(Bytes::from_static(b"pong")));
    if request.uri().path() != "/ping" {
        *response.status_mut() = http::StatusCode::NOT_FOUND;
    }
    let text = http::HeaderValue::from_static("text/plain; charset=utf-8");
    let nosniff = http::HeaderValue::from_static("nosniff");
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, text);
    headers.insert(http::header::X_CONTENT_TYPE_OPTIONS, nosniff);
    Ok(response)
}
