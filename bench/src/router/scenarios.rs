//! Route tables and the requests made of them.

use http::Method;

/// One request and the parameters its handler reads.
#[derive(Clone, Debug)]
pub(crate) struct Lookup {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) params: &'static [&'static str],
}

#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) routes: Vec<(Method, String)>,
    /// Made in turn.
    pub(crate) requests: Vec<Lookup>,
}

fn get(path: &'static str, params: &'static [&'static str]) -> Lookup {
    Lookup {
        method: Method::GET,
        path,
        params,
    }
}

fn simple(name: &'static str, routes: &[&str], request: Lookup) -> Scenario {
    Scenario {
        name,
        routes: routes
            .iter()
            .map(|path| (Method::GET, (*path).to_owned()))
            .collect(),
        requests: vec![request],
    }
}

pub(crate) fn fixed() -> Scenario {
    let routes = ["/about", "/contact", "/api/v1/health"];
    simple("1 static", &routes, get("/about", &[]))
}

pub(crate) fn one_param() -> Scenario {
    simple("2 one param", &["/users/{id}"], get("/users/123", &["id"]))
}

fn two_params() -> Scenario {
    simple(
        "3 two params",
        &["/users/{id}/posts/{postId}"],
        get("/users/123/posts/456", &["id", "postId"]),
    )
}

fn four_params() -> Scenario {
    simple(
        "4 four params",
        &["/api/v1/users/{userId}/orgs/{orgId}/teams/{teamId}/members/{memberId}"],
        get(
            "/api/v1/users/1/orgs/2/teams/3/members/4",
            &["userId", "orgId", "teamId", "memberId"],
        ),
    )
}

fn wildcard() -> Scenario {
    simple(
        "5 wildcard",
        &["/static/{*filepath}"],
        get("/static/css/main.css", &["filepath"]),
    )
}

/// `resources` static routes and `entities` with a parameter.
pub(crate) fn table(name: &'static str, resources: usize, entities: usize) -> Scenario {
    let resource = (0..resources).map(|n| format!("/api/v1/resource{n}"));
    let entity = (0..entities).map(|n| format!("/api/v1/entity{n}/{{id}}"));
    Scenario {
        name,
        routes: resource
            .chain(entity)
            .map(|path| (Method::GET, path))
            .collect(),
        requests: vec![
            get("/api/v1/resource0", &[]),
            get("/api/v1/resource25", &[]),
            get("/api/v1/resource49", &[]),
            get("/api/v1/entity0/123", &["id"]),
            get("/api/v1/entity10/456", &["id"]),
            get("/api/v1/entity19/789", &["id"]),
        ],
    }
}

pub(crate) fn seventy() -> Scenario {
    table("6 70-route cycle", 50, 20)
}

fn methods() -> Scenario {
    let methods = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
    ];
    let request = |method: &Method| Lookup {
        method: method.clone(),
        path: "/api/resource/42",
        params: &["id"],
    };
    Scenario {
        name: "9 method routing",
        routes: methods
            .iter()
            .map(|method| (method.clone(), "/api/resource/{id}".to_owned()))
            .collect(),
        requests: methods.iter().map(request).collect(),
    }
}

/// The scenarios measured on one thread.
pub(crate) fn sequential() -> Vec<Scenario> {
    vec![
        fixed(),
        one_param(),
        two_params(),
        four_params(),
        wildcard(),
        seventy(),
        methods(),
    ]
}

/// As many parameters as a pattern can have.
pub(crate) fn sixteen_params() -> Scenario {
    simple(
        "16 params",
        &["/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}/{k}/{l}/{m}/{n}/{o}/{p}"],
        get(
            "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16",
            &[
                "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p",
            ],
        ),
    )
}

/// Requests of the 70-route table that no route takes.
pub(crate) fn not_found() -> Vec<Lookup> {
    vec![
        get("/api/v1/resource99", &[]),
        get("/api/v1/unknown25", &[]),
        get("/api/v1/entity99/123", &[]),
        get("/api/v1/entity10/456/x", &[]),
    ]
}

/// Requests of the 70-route table with a method that no route has.
pub(crate) fn wrong_method() -> Vec<Lookup> {
    let delete = |path| Lookup {
        method: Method::DELETE,
        path,
        params: &[],
    };
    vec![delete("/api/v1/resource25"), delete("/api/v1/entity10/456")]
}

/// Patterns of 64 segments of which each leaves the path of the request at
/// another place, or in another combination of places, and none matches.
pub(crate) fn adversarial() -> Vec<Scenario> {
    let pattern = |is_param: &dyn Fn(usize) -> bool| {
        let segments = (0..63).map(|at| {
            if is_param(at) {
                format!("/{{p{at}}}")
            } else {
                "/a".to_owned()
            }
        });
        (Method::GET, format!("{}/z", segments.collect::<String>()))
    };
    let request: &'static str = Box::leak(format!("{}/y", "/a".repeat(63)).into_boxed_str());
    let scenario = |name, routes| Scenario {
        name,
        routes,
        requests: vec![get(request, &[])],
    };
    let chain = (0..63).map(|param| pattern(&|at| at == param)).collect();
    let runs = (0..48)
        .map(|first| pattern(&|at| at >= first && at < first + 16))
        .collect();
    let combinations = (0..256_usize)
        .map(|set| pattern(&|at| at % 7 == 6 && set >> (at / 7) & 1 == 1))
        .collect();
    vec![
        scenario("adversarial: one param each", chain),
        scenario("adversarial: 16 params in a row", runs),
        scenario("adversarial: 256 combinations", combinations),
    ]
}
