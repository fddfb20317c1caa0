//! axum with the layers of tower-http that match the canonical stack.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Path};
use axum::http::{HeaderName, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use tower::ServiceBuilder;
use tower::limit::GlobalConcurrencyLimitLayer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::CorsLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use crate::documents::{Id, NewUser, User, report};

pub(crate) async fn serve(listener: TcpListener) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let id = HeaderName::from_static("x-request-id");
    let stack = ServiceBuilder::new()
        .layer(SetRequestIdLayer::new(id.clone(), MakeRequestUuid))
        .layer(PropagateRequestIdLayer::new(id))
        .layer(TraceLayer::new_for_http())
        .layer(CorsLayer::permissive())
        .layer(CatchPanicLayer::new())
        .layer(GlobalConcurrencyLimitLayer::new(1000))
        .layer(RequestBodyLimitLayer::new(1 << 20))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            Duration::from_secs(30),
        ));
    let app = Router::new()
        .route("/ping", get(async || "pong"))
        .route("/users/{id}", get(show))
        .route("/users", post(create))
        .layer(DefaultBodyLimit::max(1 << 20))
        .merge(
            Router::new()
                .route("/stack/report", get(async || Json(report())))
                .layer(stack),
        );
    axum::serve(
        axum::serve::ListenerExt::tap_io(listener, |stream| {
            let _ = stream.set_nodelay(true);
        }),
        app,
    )
    .await
}

async fn show(Path(id): Path<String>) -> Json<Id> {
    Json(Id { id })
}

async fn create(Json(user): Json<NewUser>) -> Json<User> {
    Json(User { id: 1, user })
}
