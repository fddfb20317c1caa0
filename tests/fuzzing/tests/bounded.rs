//! A bounded pass of every target on random input and on the seeds, one test
//! each.

use libtest_mimic::{Arguments, Failed, Trial};
use plumego_fuzzing::TARGETS;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

const SEEDS: &[&[u8]] = &[
    b"",
    b"/users/{id}\n/users/{id}/posts\n/{*rest}\n/a/{b}/c\n:x\n/%7Bx%7D",
    b"/users/%61/posts/%2f%2e%2e",
    b"a=1&limit=7&tag=x&tag=%ff&on=maybe&kind=large",
    b"{\"id\":1,\"name\":\"x\",\"nested\":{\"id\":-1,\"nested\":null},\"what\":[1e400]}",
    b"\x03--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"../x\"\r\n\r\ndata\r\n--b--\r\n",
    b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    b"session=abc; a=\"b\"; =; x",
    b"for=192.0.2.43;proto=https, for=\"[2001:db8::1]:4711\";by=_x",
    b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length:          0000000000000000000000000000000000000003\r\n\r\nabc\
      POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=1\r\nabc\r\n0\r\nA: b\r\n\r\n",
    b"password=hunter2 Bearer abc.def https://u:p@host/?token=x\nvalue",
    b"application/problem+json;q=0.9, application/json;q=0.1",
    b"body.items[3][\"a.b\"]",
    b"br;q=0.5, gzip, x-gzip;q=0, *;q=0.1, identity",
    b"https://*.example.com\nhttps://a.example.com\nPUT\nauthorization, content-type",
    b"\"v1\"\nW/\"v1\", \"v2\"\nTue, 14 Nov 2023 22:13:20 GMT\n*",
    b"\x64bytes=0-1, 4-5 ,-7\n\"64-17979cfe362a0000\"",
    b"multipart/form-data; boundary=\"b\"; charset=utf-8\n--b\r\n\r\n--b--",
    b"application/json; charset=\"utf-8\"\n[1, {\"a\": null}]",
    b"info,app::db=warn,noisy=off\napp::db::pool",
    b"1AbCdEf0z9Zk",
    b"{\"error\":{\"code\":\"c\",\"message\":\"m\",\"fields\":[]},\"request_id\":\"r\",\"data\":[]}",
    b"__Host-id\nvalue\n/\nexample.com",
    b"7\nping\na comment\none\r\ntwo\rthree",
    b"/users/17/?next=/x",
    b"[package]\nname = \"a\"\nentry = \"src/../main.fuse\"\n[serve]\nstatic_dir = \"public\"\n[dependencies]\nA = { git = \"https://x.example/a\", tag = \"v1\" }\n[lint]\nFUSE_UNUSED_IMPORT = \"deny\"\n",
    b"version = 2\n\n[dependencies.A]\nsource = \"path\"\npath = \"./a\"\nrequested = \"path\"\n",
    b"../secret\nimport Main from \"./main\"\nfn one() -> Int:\n  return 1\n",
    b"root:a/../../secret.fuse\n{\"a\": [1, {\"b\": \"\\ud83d\\ude00\"}], \"a\": -0.5e+2}",
    b"fuse check stamp 1\nkey\tk\nmade\t1\nend\t00\n",
    b"/\n/a/{x}\n/a/{*rest}\n/abcdefghij/b/{y}/d\n/%61%2Fb\n/a/b/c\n\n/a/b/\n//a%2Fb\n/a/b/c/d\n/abcdefghij/b/1/d\n/a//b\n/a/%2e",
    b"\x00{\"id\":1,\"name\":\"ab\",\"ratio\":0.5,\"few\":[1,2],\"byName\":{\"a\":{\"data\":[1,\"x\"],\"type\":\"Box\"}},\"blob\":\"aGk=\",\"mail\":\"a@b.co\",\"any\":[{}],\"outcomes\":[{\"type\":\"Ok\",\"data\":2.0}],\"apiToken\":\"t\"}",
    b"\x02{\"data\":1e-1,\"type\":\"Circle\"}",
    b"--p_9=0.5\n--p-8\n3\n--no-p_14\n--p_3=Slow\n--\nrest",
    b"export A='x # y' # z\nB=\"a\\n\\\"b\"\nC = d #e\n#f\nG",
    b"[App]\nport = \"9\"\nratio = 0.25\nnested = {id = 1}\nday = 1979-05-27\nlist = [[1], [\"a\"]]\n",
    b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImsifQ.eyJzdWIiOiJ4In0.AAAA",
    b"eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UifQ.",
    b"\n{\"iss\":\"plumego\",\"aud\":[\"plumego-client\"],\"sub\":\"u\",\"ver\":1,\"iat\":1700000000,\"nbf\":1700000000,\"exp\":1700000900,\"jti\":\"j\",\"kid\":\"k\",\"token_type\":\"access\",\"ext\":{\"a\":[1]}}",
    b"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k\",\"crit\":[]}\n{}",
    b"{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\",\"kid\":\"a\",\"use\":\"sig\"},{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"alg\":\"RS256\"}]}",
    b"$argon2id$v=19$m=19456,t=2,p=1,keyid=YQ$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY",
    b"210000$MDEyMzQ1Njc4OWFiY2RlZg==$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    b"Bearer\tabc.def",
    b"'self'\nhttps://*.example.com:443/x\n'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='\ndata:\n'none'\na;b",
    b"x-robots-tag=noindex\ncamera=https://a.example:8443",
    b"https://trusted.example\ncross-site\ntheme=dark; session=1",
    b"http://own.example:80\n\nsession=1",
    b"first.last+tag@ex-ample.com",
    "ü@例子.com".as_bytes(),
    b"+49 (30) 123-45.67",
    b"a/b..c/con.txt",
    b"https://example.com:443/a?b#c@d",
    b"http://0x7f.1/",
    b"http://[64:ff9b::a9fe:a9fe]:80/",
    b"*.example.com",
    b"<a href=\"java&#10;script:x()\" onclick=x>y</a><svg><style><!--</style><img src=x>",
    b"## doc\nfn f(a: Int, b: List<Int>? = null) -> Int!Gone:\n  let x = a ?? b?[0] ?! Gone(m=\"${a}\")\n  return x\n",
    b"fn v() -> Html:\n  return div(class=\"a\", id=x):\n    if a: \"x\"\n    for i, x in xs:\n      p(): x # c\n",
    b"\x05\x00\x10\x04\x21\x08\x11\x00\x40\x02\x33\x01\x09",
];

fn every_target_has_its_program() -> Result<(), Failed> {
    let programs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz");
    let manifest = std::fs::read_to_string(format!("{programs}/Cargo.toml"))?;
    for (name, _) in TARGETS {
        assert!(
            manifest.contains(&format!("\"fuzz_targets/{name}.rs\"")),
            "{name}"
        );
        let program = std::fs::read_to_string(format!("{programs}/fuzz_targets/{name}.rs"))?;
        assert!(program.contains(&format!("target(\"{name}\")")), "{name}");
    }
    Ok(())
}

fn main() -> std::process::ExitCode {
    let mut trials = vec![
        Trial::test("every_target_has_its_program", every_target_has_its_program),
        Trial::test("html_of_attacks", || {
            let pieces = proptest::collection::vec(piece_of_html(), 0..12);
            takes(
                "html",
                pieces.prop_map(|pieces| pieces.concat().into_bytes()),
            )
        }),
    ];
    for &(name, target) in TARGETS {
        trials.push(Trial::test(name, move || {
            SEEDS.iter().for_each(|seed| target(seed));
            takes(name, mutated_seed())?;
            takes(name, proptest::collection::vec(any::<u8>(), 0..512))
        }));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Gives a target a bounded number of inputs.
fn takes(name: &str, inputs: impl Strategy<Value = Vec<u8>>) -> Result<(), Failed> {
    let target = plumego_fuzzing::target(name).expect("a name of the table");
    let config = ProptestConfig {
        // Those that open a database for every input need longer for it.
        cases: if name.starts_with("store_kv") {
            48
        } else {
            256
        },
        // An input worth keeping becomes a seed.
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let outcome = TestRunner::new(config).run(&inputs, |input| {
        target(&input);
        Ok(())
    });
    outcome.map_err(Failed::from)
}

fn mutated_seed() -> impl Strategy<Value = Vec<u8>> {
    let insert = proptest::collection::vec(any::<u8>(), 0..24);
    let parts = (
        proptest::sample::select(SEEDS),
        any::<proptest::sample::Index>(),
        insert,
    );
    parts.prop_map(|(seed, at, insert)| {
        let cut = at.index(seed.len() + 1);
        [&seed[..cut], &insert, &seed[cut..]].concat()
    })
}

/// What attacks on a cleaner of HTML are made of.
fn piece_of_html() -> impl Strategy<Value = String> {
    let pieces = proptest::sample::select(
        &[
            "<script>",
            "</script>",
            "<b",
            "<a href=",
            "\"javascript:",
            "\"",
            " onload=",
            "<svg/onload=x>",
            "<!--",
            "<![CDATA[",
            "<math><mi><style>",
            "<noscript>",
            ">",
            "&#x6a;avascript:",
            "&#13;",
            "<pre>\n",
            "\n",
        ][..],
    );
    prop_oneof![8 => pieces.prop_map(str::to_owned), 1 => "[ -~]{0,6}"]
}
