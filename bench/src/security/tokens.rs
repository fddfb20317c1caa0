//! Issuing and verifying tokens.

use std::hint::black_box;
use std::sync::Arc;

use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use plumego_security::jwt::{
    Algorithm, Authorization, ExpectedType, Identity, JwtConfig, JwtManager, MemoryKeyStore,
};
use serde::{Deserialize, Serialize};

use super::{Problem, SLICE, slice_of};
use crate::harness::{Selection, compare, cost, finish, scale};
use crate::report::{Gate, Row};

/// What a verification may allocate.
const ALLOCATIONS: f64 = 24.0;

/// PKCS #8 of an Ed25519 key, before its seed (RFC 8410).
const ED25519_PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// The claims a token of ours carries.
#[derive(Deserialize, Serialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    iat: i64,
    exp: i64,
    jti: String,
    roles: Vec<String>,
    permissions: Vec<String>,
}

struct Kind {
    ours: Algorithm,
    theirs: jsonwebtoken::Algorithm,
    verify_ns: f64,
    issue_ns: f64,
    /// Operations per slice.
    slice: usize,
}

const KINDS: [Kind; 2] = [
    Kind {
        ours: Algorithm::Hs256,
        theirs: jsonwebtoken::Algorithm::HS256,
        verify_ns: 3_000.0,
        issue_ns: 10_000.0,
        slice: 20,
    },
    Kind {
        ours: Algorithm::EdDsa,
        theirs: jsonwebtoken::Algorithm::EdDSA,
        verify_ns: 60_000.0,
        issue_ns: 60_000.0,
        slice: 1,
    },
];

pub(super) fn measure(selection: &Selection) -> Result<Vec<Row>, Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut rows = Vec::new();
    for kind in &KINDS {
        let config = JwtConfig::default().with_algorithm(kind.ours);
        let store = Arc::new(MemoryKeyStore::new());
        let manager = runtime.block_on(JwtManager::open(store, config))?;
        rows.extend(verify(selection, kind, &manager)?);
        rows.extend(issue(selection, kind, &manager)?);
    }
    Ok(rows)
}

fn peer_keys(kind: &Kind, manager: &JwtManager) -> Result<(EncodingKey, DecodingKey), Problem> {
    let secret = [7; 32];
    if !kind.ours.is_asymmetric() {
        let keys = (
            EncodingKey::from_secret(&secret),
            DecodingKey::from_secret(&secret),
        );
        return Ok(keys);
    }
    let signs = EncodingKey::from_ed_der(&[&ED25519_PKCS8[..], &secret].concat());
    // It verifies what ours signed.
    let published = serde_json::to_value(manager.public_jwks())?;
    let point = published["keys"][0]["x"].as_str().unwrap_or_default();
    Ok((signs, DecodingKey::from_ed_components(point)?))
}

fn ada() -> (Identity, Authorization) {
    let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
    let authorization = Authorization {
        roles: words(&["editor"]),
        permissions: words(&["notes:read", "notes:write"]),
    };
    (Identity::new("ada"), authorization)
}

fn claims() -> Claims {
    let (identity, authorization) = ada();
    let now = i64::try_from(jsonwebtoken::get_current_timestamp()).unwrap_or(i64::MAX);
    Claims {
        iss: "plumego".to_owned(),
        aud: "plumego-client".to_owned(),
        sub: identity.subject,
        iat: now,
        exp: now + 900,
        jti: "5QhBzHdGm0aZ0nq1s8VYkA".to_owned(),
        roles: authorization.roles,
        permissions: authorization.permissions,
    }
}

fn verify(selection: &Selection, kind: &Kind, manager: &JwtManager) -> Result<Vec<Row>, Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let (identity, authorization) = ada();
    let pair = runtime.block_on(manager.issue_pair(&identity, &authorization))?;
    let token = pair.access_token.expose();
    let (signs, verifies) = peer_keys(kind, manager)?;
    let theirs = match kind.ours.is_asymmetric() {
        true => token.to_owned(),
        false => jsonwebtoken::encode(&Header::new(kind.theirs), &claims(), &signs)?,
    };
    let mut rules = Validation::new(kind.theirs);
    rules.set_audience(&["plumego-client"]);
    rules.set_issuer(&["plumego"]);
    // Both hold, or nothing is compared.
    runtime.block_on(manager.verify(token, ExpectedType::Access))?;
    jsonwebtoken::decode::<Claims>(&theirs, &verifies, &rules)?;

    let own = || finish(manager.verify(token, ExpectedType::Access));
    let peer = || {
        let read = jsonwebtoken::decode::<Claims>(&theirs, &verifies, &rules);
        drop(black_box(read));
    };
    let costs = [
        cost(SLICE, || (0..SLICE).for_each(|_| own())),
        cost(SLICE, || (0..SLICE).for_each(|_| peer())),
    ];
    let [own_ns, peer_ns] = compare(
        selection.effort,
        [slice_of(kind.slice, own), slice_of(kind.slice, peer)],
    );
    let [scaling] = scale(selection.effort, [&|| slice_of(kind.slice, own)]);
    let scenario = format!("token, verify {}", kind.ours);
    let cores = scaling.threads as f64;
    Ok(vec![
        Row::ratio(
            scenario.clone(),
            ("JwtManager", own_ns),
            ("jsonwebtoken", peer_ns),
            None,
        )
        .with_costs(costs[0], costs[1], Some(ALLOCATIONS)),
        Row::value(
            scenario.clone(),
            "JwtManager",
            own_ns,
            "ns",
            Some(Gate::AtMost(kind.verify_ns)),
        ),
        // One core of several also runs everything else.
        Row::value(
            format!("{scenario}, every core"),
            "JwtManager",
            scaling.speedup(),
            "x",
            Some(Gate::AtLeast(0.9 * cores)),
        ),
    ])
}

fn issue(selection: &Selection, kind: &Kind, manager: &JwtManager) -> Result<[Row; 2], Problem> {
    let (identity, authorization) = ada();
    let (signs, _) = peer_keys(kind, manager)?;
    let (header, claims) = (Header::new(kind.theirs), claims());
    let [own_ns, peer_ns] = compare(
        selection.effort,
        [
            slice_of(kind.slice, || {
                finish(manager.issue_pair(&identity, &authorization));
            }),
            slice_of(kind.slice, || {
                let access = jsonwebtoken::encode(&header, &claims, &signs);
                let refresh = jsonwebtoken::encode(&header, &claims, &signs);
                drop(black_box((access, refresh)));
            }),
        ],
    );
    let scenario = format!("token, issue pair {}", kind.ours);
    let gate = Some(Gate::AtMost(kind.issue_ns));
    Ok([
        Row::ratio(
            scenario.clone(),
            ("JwtManager", own_ns),
            ("jsonwebtoken", peer_ns),
            None,
        ),
        Row::value(scenario, "JwtManager", own_ns, "ns", gate),
    ])
}
