use proptest::prelude::*;
use serde_json::json;

use super::*;

fn text(input: &str) -> String {
    Redactor::standard().text(input).into_owned()
}

#[test]
fn names_match_in_any_case_and_part() {
    let redactor = Redactor::standard();
    for secret in [
        "token",
        "X-Auth-Token",
        "csrfToken",
        "PASSWORD",
        "db_passwd",
        "Set-Cookie",
        "x-api-key",
        "apiKey",
        "privateKey",
        "AWS_ACCESS_KEY_ID",
        "session_id",
        "DSN",
        "Proxy-Authorization",
        "client_secret",
        "пароль_token",
    ] {
        assert!(redactor.is_secret_key(secret), "{secret}");
    }
    for harmless in [
        "max_tokens",
        "Prompt_Tokens",
        "token_type",
        "password_policy",
        "path",
        "user",
        "",
        "monkey",
    ] {
        assert!(!redactor.is_secret_key(harmless), "{harmless}");
    }
    assert!(
        redactor.is_secret_key("max_tokens_2"),
        "exceptions are whole names"
    );
}

#[test]
fn caller_keys_extend_the_list_and_blank_ones_do_nothing() {
    let redactor = Redactor::standard().with_keys([" IBAN ", "", "  "]);
    assert!(redactor.is_secret_key("customer_iban"));
    assert!(redactor.is_secret_key("token"));
    assert!(!redactor.is_secret_key("path"));
    let redactor = redactor.with_exceptions(["iban_country"]);
    assert!(!redactor.is_secret_key("IBAN_country"));
}

#[test]
fn rules_that_redact_nothing_are_weak() {
    assert!(Redactor::with_only_keys([" "]).weakness().is_some());
    assert!(
        Redactor::standard()
            .with_exceptions(["Password"])
            .weakness()
            .is_some()
    );
    assert!(Redactor::with_only_keys(["pin"]).weakness().is_none());
    assert!(Redactor::standard().weakness().is_none());
}

#[test]
fn values_that_are_secret_in_any_string() {
    for (input, shown) in [
        ("sent Bearer abc.def-123 ok", "sent Bearer *** ok"),
        ("BASIC dXNlcjpwdw==", "BASIC ***"),
        ("a eyJh.eyJz.c2ln, b", "a ***, b"),
        ("eyJh.eyJz.", "***"),
        ("jwe eyJh.a.b.c.d!", "jwe ***!"),
        ("postgres://u:p@db:5432/x", "postgres://***@db:5432/x"),
        ("see //u@h and //v:w@h", "see //***@h and //***@h"),
        (
            "/cb?code=1&access_token=abc&x=2#f",
            "/cb?code=1&access_token=***&x=2#f",
        ),
        ("?%74oken=abc", "?%74oken=***"),
        ("?user[password]=a", "?user[password]=***"),
        ("password=\"two words\" x", "password=\"***\" x"),
        (r#"password=\"two words\" x"#, r#"password=\"***\" x"#),
        ("password='open end", "password='***"),
        ("authorization=Bearer abc def", "authorization=*** def"),
        ("cookie=a=1; b=2 rest", "cookie=*** rest"),
    ] {
        assert_eq!(text(input), shown, "{input}");
        assert_eq!(text(shown), shown, "twice: {input}");
    }
}

#[test]
fn private_keys_are_removed_as_a_block() {
    let block = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----";
    assert_eq!(text(&format!("a {block} b {block}")), "a *** b ***");
    assert_eq!(text("x -----BEGIN PRIVATE KEY-----\nMIIE"), "x ***");
    let public = "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----";
    assert_eq!(text(public), public);
}

#[test]
fn harmless_text_is_borrowed() {
    for input in [
        "",
        "***",
        "GET /items/17",
        "a basic",
        "bearer",
        "eyJh.eyJz",
        "eyJ",
        "a=b&c=d",
        "http://host/a@b",
        "max_tokens=5",
        "https://host:80/",
        "==//==//",
    ] {
        assert!(
            matches!(Redactor::standard().text(input), Cow::Borrowed(_)),
            "{input}"
        );
    }
}

#[test]
fn a_secret_cut_in_two_does_not_come_out() {
    let filler = "x ".repeat(limits::SCAN_BYTES_MAX / 2 - 20);
    for secret in [
        format!("eyJh.{}", "a".repeat(60)),
        format!("//user:{}", "pw".repeat(30)),
        format!("-----BEGIN PRIVATE {}", "KEY".repeat(30)),
    ] {
        let shown = text(&format!("{filler}{secret}"));
        assert!(shown.ends_with("***…"), "{}", &shown[shown.len() - 40..]);
        assert!(shown.len() <= limits::SCAN_BYTES_MAX);
        assert_eq!(text(&shown), shown);
    }
}

#[test]
fn urls_lose_user_information_without_a_scheme_too() {
    let redactor = Redactor::standard();
    assert_eq!(redactor.url("bob:pw@db/x?token=1"), "***@db/x?token=***");
    assert_eq!(redactor.url("/a?b=c"), "/a?b=c");
    assert_eq!(redactor.url("https://h/a:b@c"), "https://h/a:b@c");
}

#[test]
fn documents_are_redacted_at_any_depth_and_keep_their_shape() {
    let redactor = Redactor::standard();
    let document = json!({"a": [{"Token": {"x": 1}, "n": 1}, "Bearer abc"], "max_tokens": 3});
    let before = document.clone();
    assert_eq!(
        redactor.json(&document),
        json!({"a": [{"Token": "***", "n": 1}, "Bearer ***"], "max_tokens": 3})
    );
    assert_eq!(document, before);
    let deep = (0..500).fold(json!({"password": "deep"}), |inner, _| json!([inner]));
    assert!(!redactor.json(&deep).to_string().contains("deep"));
}

#[test]
fn named_strings_and_binary_values() {
    let redactor = Redactor::standard();
    let shown = redactor.map([("Cookie", "a=1"), ("Accept", "*/*")]);
    assert_eq!(shown["Cookie"], "***");
    assert_eq!(shown["Accept"], "*/*");
    let bytes = FieldValue::Bytes(bytes::Bytes::from_static(b"\xff Bearer abc"));
    assert_eq!(redactor.value(&bytes), Some(FieldValue::Redacted));
}

/// Pieces that meet in every order, so that matchers see each other's leftovers.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("Bearer "),
        Just("basic"),
        Just(" "),
        Just("eyJ"),
        Just("."),
        Just("a"),
        Just("//"),
        Just("@"),
        Just(":"),
        Just("token"),
        Just("="),
        Just("&"),
        Just("\""),
        Just("\\"),
        Just("***"),
        Just("-----BEGIN "),
        Just("PRIVATE KEY"),
        Just("-----"),
        Just("-----END "),
        Just(";"),
        Just("é"),
        Just("%74oken"),
        Just("\n"),
        Just("cookie"),
        Just("'"),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn redacting_twice_changes_nothing(input in pieces()) {
        let once = text(&input);
        prop_assert_eq!(text(&once), once.clone());
        let url = Redactor::standard().url(&input).into_owned();
        prop_assert_eq!(Redactor::standard().url(&url).into_owned(), url);
    }

    #[test]
    fn any_string_is_survived(input in "\\PC*") {
        let _ = text(&input);
    }

    #[test]
    fn a_planted_credential_never_comes_out(
        before in "[ -~]{0,20}",
        secret in "[A-Za-z0-9]{12,40}",
        after in "[ -~]{0,20}",
    ) {
        let form = [
            format!("{before} Bearer {secret} {after}"),
            format!("{before}//u:{secret}@h {after}"),
            format!("{before}&api_key={secret}&{after}"),
            format!("{before}eyJ{secret}.{secret}.{secret} {after}"),
        ];
        for input in form {
            prop_assert!(!text(&input).contains(&secret), "{}", text(&input));
        }
    }
}
