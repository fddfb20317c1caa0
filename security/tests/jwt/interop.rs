//! Tokens and keys made by another implementation (OpenSSL, through Node.js).

use std::sync::Arc;

use plumego_security::jwt::{
    Algorithm, ExternalProfile, ExternalVerifier, Jwks, JwtConfig, KeyStore,
};
use plumego_security::secret::SecretBytes;
use serde_json::{Value, json};

use crate::support::{Bench, Faulty, NOW, ada, clock, editor, open, word};

/// Records of keys, and a token of each.
const VECTORS: [(&str, &str); 3] = [
    (
        r#"{"id":"node-hs256","alg":"HS256","secret":"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA","created_at":1699999940,"activates_at":1699999940}"#,
        "eyJraWQiOiJub2RlLWhzMjU2IiwidHlwIjoiSldUIiwiYWxnIjoiSFMyNTYifQ.eyJhdWQiOlsib3RoZXIiLCJwbHVtZWdvLWNsaWVudCJdLCJpc3MiOiJwbHVtZWdvIiwic3ViIjoidXNlci0xNyIsInZlciI6MywiaWF0IjoxNzAwMDAwMDAwLCJuYmYiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMDkwMCwianRpIjoiQUFFQ0F3UUZCZ2NJQ1FvTERBME9EdyIsImtpZCI6Im5vZGUtaHMyNTYiLCJ0b2tlbl90eXBlIjoiYWNjZXNzIiwicm9sZXMiOlsiZWRpdG9yIl0sInBlcm1pc3Npb25zIjpbIml0ZW1zOnJlYWQiXSwidGVuYW50X2lkIjoiYWNtZSIsImV4dCI6eyJhIjpbMSxudWxsXX19.buID82eMeTe2iuXHBt27JR0fZ3Mm--yMwCT4odzh8vw",
    ),
    (
        r#"{"id":"node-eddsa","alg":"EdDSA","secret":"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA","created_at":1699999940,"activates_at":1699999940,"public":"ebVWLo_mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ"}"#,
        "eyJraWQiOiJub2RlLWVkZHNhIiwidHlwIjoiSldUIiwiYWxnIjoiRWREU0EifQ.eyJhdWQiOlsib3RoZXIiLCJwbHVtZWdvLWNsaWVudCJdLCJpc3MiOiJwbHVtZWdvIiwic3ViIjoidXNlci0xNyIsInZlciI6MywiaWF0IjoxNzAwMDAwMDAwLCJuYmYiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMDkwMCwianRpIjoiQUFFQ0F3UUZCZ2NJQ1FvTERBME9EdyIsImtpZCI6Im5vZGUtZWRkc2EiLCJ0b2tlbl90eXBlIjoiYWNjZXNzIiwicm9sZXMiOlsiZWRpdG9yIl0sInBlcm1pc3Npb25zIjpbIml0ZW1zOnJlYWQiXSwidGVuYW50X2lkIjoiYWNtZSIsImV4dCI6eyJhIjpbMSxudWxsXX19.C7c6OJZc-v7uRMcLagEgeF2gCUwueZJ-A2QnppyPxocDTSWvS78MSp-gmF1OkAu-YTt4d_XFz04gho7JL59eCg",
    ),
    (
        r#"{"id":"node-es256","alg":"ES256","secret":"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA","created_at":1699999940,"activates_at":1699999940,"public":"BFFcPW6545a5BNP-yn9U_c0MwemXvzddylFa0KbDtANfRTa-OlDzGPv5pUdZAqIhUCvvDVfgjFOyzApW8X2fk1Q"}"#,
        "eyJraWQiOiJub2RlLWVzMjU2IiwidHlwIjoiSldUIiwiYWxnIjoiRVMyNTYifQ.eyJhdWQiOlsib3RoZXIiLCJwbHVtZWdvLWNsaWVudCJdLCJpc3MiOiJwbHVtZWdvIiwic3ViIjoidXNlci0xNyIsInZlciI6MywiaWF0IjoxNzAwMDAwMDAwLCJuYmYiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMDkwMCwianRpIjoiQUFFQ0F3UUZCZ2NJQ1FvTERBME9EdyIsImtpZCI6Im5vZGUtZXMyNTYiLCJ0b2tlbl90eXBlIjoiYWNjZXNzIiwicm9sZXMiOlsiZWRpdG9yIl0sInBlcm1pc3Npb25zIjpbIml0ZW1zOnJlYWQiXSwidGVuYW50X2lkIjoiYWNtZSIsImV4dCI6eyJhIjpbMSxudWxsXX19.zms8nRqBi7JzlB5K7pED-WxGvtUmjfpIhXaTw0pkwv5McyB1MLIg6mzslVCtmR76PKmYWyA1OVt0bJXKbt2tVw",
    ),
];

/// A key of RSA, and tokens by PKCS #1 and by PSS.
const RSA: &str = r#"{"kty":"RSA","n":"0GXQo6Tjz6zM_Rx3UJ1v1x4EIrtrTbPlalm9QK9zUd3OPDZQnjwjH_LYV01X9ND3_39vzUG1DSwqvSJlSR9nMRxzzt6flwhCag_PGMjsieonsLelcldoNuCRjRzoF1uGSr0LP2bMdZCxj8uzXMvOdetFYl0K37kVh5tetR2rjYgmTg-w-Ir3t111z8geW3FbEAUXRDGnK7KVp5dz330yrE6mK8T0Vl_UQMCSDkZ94TCNkY-GGCc8kIA7l-SYnfD7r8kSZToSINSTXmVyRoLGPqFgnndlYkrxzETp8E8Ez_e2IqiMQVDfLv7quI6RGuGWdzlkODsK8IhgvaSEk2zeFQ","e":"AQAB"}"#;
const RS256: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIiwiYXVkIjoibXktYXBpIiwic3ViIjoiYWRhIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDA2MDB9.qj-6mjd3pMkxqmkJpwHeI8tmhO9rhnD32T-ZqXWKGnLM9YdqwNNC3tZBa8d5jAyGiZUV5et4i68tqd1Wf4WcW18mrdb4T-ElVw1YR7K3mTi3LD1DP47btXpMKGvgPyi3HP6jvxmv_Kkmy-M9bR2MZqqBNYQLeSYaKdDIYm8FBJoy8ZWO9gGOOnKupuG_gCo-3adg-JQhnp4IJuA-Q9pbh_UYRdKBnMHbx0NOQeQ0fVmxHqqPdTOOc687RmJSCvabgMyE3R9p9d58yN6U6CzDH_ru15WX0Vb5tIHaXPBIMOBI2sJ8fQiaMHIr9Y3v1CNGG9ede_sOlo4qUDdsYP-QfA";
const PS256: &str = "eyJhbGciOiJQUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIiwiYXVkIjoibXktYXBpIiwic3ViIjoiYWRhIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDA2MDB9.XbPfqmCrCGA3y3yHqy7YTeWo4lQlIhGixWEzQxpdTtDaf4FQWVUsFV928l2iNCMzu0Ta08fue_76rV-FjLZgxzwC-KUH9H9I0a0BmHKsna2L5sqAUV2UhlMfjCxoSLwlFKEf4s9R5gGSNibeophzYZbXS-6Y8tutkygMuIfwGx2hbNaiYiQPbTrN0VLdId-KLDZ0zuzrrX9tfGVfoHaAQk02TYLe3zgzgGxSsVsCJqTozmoVyNBTXXevGgbrydsRdKtWFZ2zkW03Jvna20vELeor5vGCOsSgK6I9AFMyBqQlSRUjRZREEsJLY5e11ct9x9ldrhe91hQE8jB8KMgirg";

async fn bench_of(record: &str) -> Bench {
    let (clock, store) = (clock(), Faulty::default());
    let kid = serde_json::from_str::<Value>(record).unwrap()["id"].clone();
    let kid = kid.as_str().unwrap();
    let put = |key: String, value: &str| {
        let (inner, value) = (store.inner.clone(), SecretBytes::from(value.as_bytes()));
        async move { inner.put_if_absent(&key, value).await.unwrap() }
    };
    put(format!("jwt:keys:{kid}"), record).await;
    put("jwt:active".to_owned(), kid).await;
    let manager = open(&store, JwtConfig::default(), &clock).await.unwrap();
    Bench {
        clock,
        store,
        manager,
    }
}

#[tokio::test]
async fn tokens_of_others_with_our_keys_verify() {
    for (record, token) in VECTORS {
        let bench = bench_of(record).await;
        let claims = bench.verify(token).await.unwrap();
        assert_eq!(claims.identity.subject, "user-17");
        assert_eq!(claims.identity.version, 3);
        assert_eq!(claims.identity.tenant_id.as_deref(), Some("acme"));
        assert_eq!(claims.audience, ["other", "plumego-client"]);
        assert_eq!(claims.expires_at, NOW + 900);
        assert_eq!(claims.ext["a"], json!([1, null]));
        // And the key, read from the store, signs.
        let own = bench.manager.issue_pair(&ada(), &editor()).await.unwrap();
        assert_eq!(bench.outcome(own.access_token.expose()).await, "ok");
    }
}

#[tokio::test]
async fn tokens_of_others_with_their_keys_verify() {
    let mut key: Value = serde_json::from_str(RSA).unwrap();
    key["kid"] = json!("rsa");
    let jwks = json!({ "keys": [key] }).to_string();
    let verifier = |algorithms: &[Algorithm]| {
        let profile = ExternalProfile::new(
            "https://id.example.com",
            ["my-api"],
            algorithms.iter().copied(),
        );
        let jwks = Jwks::parse(jwks.as_bytes()).unwrap();
        let verifier = ExternalVerifier::new(jwks, profile).unwrap();
        verifier.with_clock(Arc::new(clock()))
    };
    let (pkcs1, pss) = (verifier(&[Algorithm::Rs256]), verifier(&[Algorithm::Ps256]));
    assert_eq!(pkcs1.verify(RS256).unwrap().subject, "ada");
    assert_eq!(pss.verify(PS256).unwrap().subject, "ada");
    assert_eq!(word(&pkcs1.verify(PS256)), "algorithm");
    assert_eq!(word(&pss.verify(RS256)), "algorithm");
    // Neither is said by the key, so there is no single one.
    let both = verifier(&[Algorithm::Rs256, Algorithm::Ps256]);
    assert_eq!(word(&both.verify(RS256)), "unknown key");
}
