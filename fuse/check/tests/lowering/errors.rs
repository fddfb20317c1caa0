//! What is wrong only once types are known.

use crate::program::try_lower;

fn errors(text: &str) -> String {
    match try_lower(&[("main.fuse".to_owned(), text.to_owned())]) {
        Ok(_) => String::new(),
        Err(errors) => errors,
    }
}

#[test]
fn instantiation_has_to_end() {
    let found = errors(
        "fn grow<T>(v: T, n: Int) -> Int:\n  if n == 0:\n    return 0\n  return grow([v], n - 1)\n\napp \"t\":\n  print(grow(1, 3))\n",
    );
    assert_eq!(
        found,
        "FUSE_GENERIC_RECURSION 4:10 instantiation of `grow` does not terminate\n"
    );
    // Doubling reaches the limit of size long before that of depth.
    let found = errors(
        "fn grow<T>(v: T, n: Int) -> Int:\n  if n == 0:\n    return 0\n  return grow({\"a\": {\"b\": v}}, n - 1)\n\napp \"t\":\n  print(grow(1, 3))\n",
    );
    assert!(found.starts_with("FUSE_GENERIC_RECURSION 4:10 "), "{found}");
}

#[test]
fn recursion_with_the_same_types_ends() {
    let found = errors(
        "fn count<T>(v: T, n: Int) -> Int:\n  if n == 0:\n    return 0\n  return 1 + count(v, n - 1)\n\napp \"t\":\n  print(count(1, 3))\n  print(count(\"a\", 3))\n",
    );
    assert_eq!(found, "");
}
