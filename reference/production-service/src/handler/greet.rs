use plumego_contract::{Error, ErrorKind, Reply, Request, RequestExt, code::field::MISSING_FIELD};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct GreetQuery {
    name: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Greeting {
    message: String,
}

/// `GET /api/v1/greet?name=`
pub(crate) async fn greet(request: Request) -> Result<Reply<Greeting>, Error> {
    let query = request.query::<GreetQuery>()?;
    let name = query.name.as_deref().map(str::trim).unwrap_or_default();
    if name.is_empty() {
        return Err(Error::new(ErrorKind::Validation).field(
            "query.name",
            MISSING_FIELD,
            "required",
        ));
    }
    Ok(Reply::ok(Greeting {
        message: format!("hello, {name}"),
    }))
}
