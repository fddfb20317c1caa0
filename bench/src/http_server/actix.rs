//! actix-web with one worker.

use std::io;
use std::net::TcpListener;

use actix_web::middleware::DefaultHeaders;
use actix_web::{App, HttpResponse, HttpServer, web};

use crate::documents::{Id, NewUser, User, report};

pub(crate) fn serve(listener: TcpListener) -> io::Result<()> {
    actix_web::rt::System::new().block_on(async {
        let application = || {
            App::new()
                .app_data(web::JsonConfig::default().limit(1 << 20))
                .route("/ping", web::get().to(async || "pong"))
                .route("/users/{id}", web::get().to(show))
                .route("/users", web::post().to(create))
                .service(
                    // actix-web has no counterpart of most layers; a header
                    // stands for the work of the ones it lacks.
                    web::scope("/stack")
                        .wrap(DefaultHeaders::new().add(("x-request-id", "fixed")))
                        .route("/report", web::get().to(async || web::Json(report()))),
                )
        };
        HttpServer::new(application)
            .workers(1)
            .disable_signals()
            .listen(listener)?
            .run()
            .await
    })
}

async fn show(id: web::Path<String>) -> HttpResponse {
    let id = id.into_inner();
    HttpResponse::Ok().json(Id { id })
}

async fn create(user: web::Json<NewUser>) -> HttpResponse {
    let user = user.into_inner();
    HttpResponse::Ok().json(User { id: 1, user })
}
