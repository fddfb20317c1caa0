//! Each rule of the gates that build nothing: a workspace that keeps it, and
//! the smallest change that breaks it.

mod fixture;

use fixture::{Fixture, place};
use plumego_control::Level;
use plumego_control::gates::{Gate, Status};
use plumego_control::workspace::{LoadError, Workspace};

const STATIC: [Gate; 4] = [
    Gate::SpecFiles,
    Gate::DependencyRules,
    Gate::ModuleManifests,
    Gate::SourceRules,
];
const RULES: &str = "specs/dependency-rules.yaml";

#[test]
fn a_workspace_that_keeps_every_rule_passes() {
    let report = Fixture::clean().run(&STATIC);
    for gate in &report.gates {
        assert_eq!(
            gate.status,
            Status::Ok,
            "{}: {:#?}",
            gate.id,
            gate.violations
        );
        assert!(gate.items > 0, "{} looked at nothing", gate.id);
    }
    assert_eq!(report.exit_code(true), 0);
}

#[test]
fn a_workspace_without_repo_yaml_is_not_configured() {
    let fixture = Fixture::clean();
    fixture.run(&STATIC);
    fixture.remove("specs/repo.yaml");
    let error = Workspace::load(fixture.root()).err();
    assert!(
        matches!(error, Some(LoadError::NotConfigured { .. })),
        "{error:?}"
    );
}

#[test]
fn a_stale_lock_file_is_an_error_and_is_not_changed() {
    let fixture = Fixture::clean();
    fixture.run(&STATIC);
    fixture.replace("tool/Cargo.toml", "1.0.0", "2.0.0");
    let error = Workspace::load(fixture.root()).err();
    assert!(
        matches!(error, Some(LoadError::MetadataFailed { .. })),
        "{error:?}"
    );
}

mod spec_files {
    use super::*;

    fn rule_after(change: impl Fn(&Fixture)) -> (&'static str, String) {
        let fixture = Fixture::clean();
        change(&fixture);
        let violation = fixture.one_violation(Gate::SpecFiles);
        (violation.rule, place(&violation))
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place_and_the_nearest_known_one() {
        let fixture = Fixture::clean();
        fixture.replace(RULES, "deny: [ledger]", "dney: [ledger]");
        let violation = fixture.one_violation(Gate::SpecFiles);
        assert_eq!(violation.rule, "spec-files/unknown-key");
        assert_eq!(place(&violation), "specs/dependency-rules.yaml:8");
        assert!(
            violation.message.contains("did you mean `deny`?"),
            "{}",
            violation.message
        );
    }

    #[test]
    fn each_kind_of_mistake_has_its_rule() {
        let cases: [(&str, &str, &str, &str, &str); 7] = [
            (
                "specs/repo.yaml",
                "mode: library",
                "mode: shop",
                "spec-files/enum",
                ":2",
            ),
            (
                "specs/repo.yaml",
                "version: 1",
                "version: 9",
                "spec-files/version",
                ":1",
            ),
            (
                "specs/repo.yaml",
                "[ids, money, ledger]\ncan",
                "ids\ncan",
                "spec-files/type",
                ":9",
            ),
            (
                "specs/owners.yaml",
                "owners:",
                "owners: [",
                "spec-files/parse",
                "",
            ),
            (
                "specs/owners.yaml",
                "version: 1",
                "version: 1\nversion: 1",
                "spec-files/duplicate-key",
                ":2",
            ),
            (
                RULES,
                "path: internal",
                "path: ../internal",
                "spec-files/path",
                ":21",
            ),
            (
                "tool/module.yaml",
                "risk: low",
                "risk: [low]",
                "spec-files/type",
                ":6",
            ),
        ];
        for (file, from, to, rule, line) in cases {
            let (found, place) = rule_after(|fixture| {
                fixture.replace(file, from, to);
            });
            assert_eq!(found, rule, "{file}: {to}");
            assert!(
                place.starts_with(&format!("{file}{line}")),
                "{place} for {to}"
            );
        }
    }

    #[test]
    fn a_required_file_that_is_missing_is_a_violation() {
        let (rule, place) = rule_after(|fixture| {
            fixture.remove("specs/owners.yaml");
        });
        assert_eq!(
            (rule, place.as_str()),
            ("spec-files/missing", "specs/repo.yaml:11")
        );
    }

    #[test]
    fn stable_roots_and_manifests_agree() {
        let (rule, place) = rule_after(|fixture| {
            fixture.replace("ids/module.yaml", "status: ga", "status: beta");
        });
        assert_eq!(
            (rule, place.as_str()),
            ("spec-files/reference", "ids/module.yaml")
        );
        let (rule, place) = rule_after(|fixture| {
            fixture.replace(
                "specs/repo.yaml",
                "[ids, money, ledger]\ncan",
                "[ids, money]\ncan",
            );
        });
        assert_eq!(
            (rule, place.as_str()),
            ("spec-files/reference", "ledger/Cargo.toml")
        );
        let (rule, place) = rule_after(|fixture| {
            fixture.replace("specs/repo.yaml", "reference/shop", "reference/mall");
        });
        assert_eq!(
            (rule, place.as_str()),
            ("spec-files/reference", "specs/repo.yaml:10")
        );
    }

    #[test]
    fn a_gate_whose_file_has_problems_cannot_run() {
        let fixture = Fixture::clean();
        fixture.replace(RULES, "deny: [ledger]", "dney: [ledger]");
        let report = fixture.run(&STATIC);
        let status = |id: &str| {
            report
                .gates
                .iter()
                .find(|gate| gate.id == id)
                .map(|gate| gate.status)
        };
        assert_eq!(status("dependency-rules"), Some(Status::Error));
        assert_eq!(status("source-rules"), Some(Status::Error));
        assert_eq!(report.exit_code(false), 5);
    }

    #[test]
    fn a_gate_whose_file_is_absent_is_skipped_and_says_why() {
        let fixture = Fixture::clean();
        fixture.remove(RULES);
        let report = fixture.run(&[Gate::DependencyRules]);
        assert_eq!(report.gates[0].status, Status::Skip);
        let summary = report.gates[0].summary.clone();
        assert!(summary.is_some_and(|summary| summary.contains(RULES)));
    }
}

mod dependency_rules {
    use super::*;

    const GATE: Gate = Gate::DependencyRules;

    /// Adds a dependency, and expects `rule` at its line.
    fn expect(from: &str, section: &str, dependency: &str, rule: &str) {
        let fixture = Fixture::clean();
        let manifest = format!("{from}/Cargo.toml");
        fixture.append(&manifest, &format!("\n[{section}]\n{dependency}\n"));
        let violation = fixture.one_violation(GATE);
        assert_eq!(violation.rule, rule, "{}", violation.message);
        assert!(
            place(&violation).starts_with(&format!("{manifest}:")),
            "{violation:?}"
        );
    }

    #[test]
    fn a_denied_edge_names_both_ends_the_line_and_the_rule() {
        let fixture = Fixture::clean();
        // Cargo refuses the cycle that the other direction would close.
        fixture.replace(
            "ledger/Cargo.toml",
            "acme-money = { path = \"../money\" }\n",
            "",
        );
        fixture.append(
            "money/Cargo.toml",
            "acme-ledger = { path = \"../ledger\" }\n",
        );
        let violation = fixture.one_violation(GATE);
        assert_eq!(violation.rule, "dependency-rules/denied-edge");
        assert_eq!(violation.message, "money -> ledger is denied");
        assert_eq!(place(&violation), "money/Cargo.toml:11");
        let stated = violation.rule_ref.expect("the rule has a place");
        assert_eq!((stated.file.as_str(), stated.line), (RULES, 8));
        assert!(violation.fix.is_some());
    }

    #[test]
    fn a_closed_module_may_use_only_what_is_listed() {
        let dependency = "acme-ids = { path = \"../../ids\" }";
        expect(
            "x/rates",
            "build-dependencies",
            dependency,
            "dependency-rules/not-allowed",
        );
    }

    #[test]
    fn tests_are_free_unless_the_rules_check_them() {
        let fixture = Fixture::clean();
        fixture.append(
            "ids/Cargo.toml",
            "\n[dev-dependencies]\nacme-tool = { path = \"../tool\" }\n",
        );
        assert_eq!(fixture.denied(GATE), []);
        fixture.replace(
            RULES,
            "layer: stable, allow: []",
            "layer: stable, allow: [], dev: check",
        );
        let violation = fixture.one_violation(GATE);
        assert_eq!(violation.rule, "dependency-rules/not-allowed");
        assert!(
            violation.message.ends_with("(dev-dependencies)"),
            "{}",
            violation.message
        );
    }

    #[test]
    fn a_package_that_names_itself_is_no_edge() {
        let fixture = Fixture::clean();
        fixture.append(
            "ids/Cargo.toml",
            "\n[dev-dependencies]\nacme-ids = { path = \".\" }\n",
        );
        fixture.replace(
            RULES,
            "layer: stable, allow: []",
            "layer: stable, allow: [], dev: check",
        );
        assert_eq!(fixture.denied(GATE), []);
    }

    #[test]
    fn a_stable_root_never_uses_an_extension_not_even_in_tests() {
        let dependency = "acme-rates = { path = \"../x/rates\" }";
        let rule = "dependency-rules/stable-to-extension";
        expect("ids", "dev-dependencies", dependency, rule);
        expect(
            "ledger",
            "target.'cfg(unix)'.dependencies",
            dependency,
            rule,
        );
    }

    #[test]
    fn reference_applications_are_not_imported() {
        let dependency = "acme-shop = { path = \"../reference/shop\" }";
        expect(
            "tool",
            "dev-dependencies",
            dependency,
            "dependency-rules/library-to-reference",
        );
    }

    #[test]
    fn a_tool_may_use_a_reference_application_that_its_rules_list() {
        let fixture = Fixture::clean();
        fixture.append(
            "tool/Cargo.toml",
            "acme-shop = { path = \"../reference/shop\" }\n",
        );
        fixture.replace(
            RULES,
            "tag_rules:",
            "  tool: { allow: [reference/shop] }\ntag_rules:",
        );
        assert_eq!(fixture.denied(GATE), []);
    }

    #[test]
    fn tag_rules_hold_between_sets_of_modules() {
        let dependency = "acme-tool = { path = \"../../tool\" }";
        // The canonical reference is held to the rules in its tests too.
        expect(
            "reference/shop",
            "dev-dependencies",
            dependency,
            "dependency-rules/tag-rule",
        );
    }

    #[test]
    fn a_module_is_held_to_its_own_manifest() {
        let fixture = Fixture::clean();
        fixture.replace("tool/module.yaml", "[nothing]", "[ids]");
        fixture.append("tool/Cargo.toml", "acme-ids = { path = \"../ids\" }\n");
        let violation = fixture.one_violation(GATE);
        assert_eq!(violation.rule, "dependency-rules/denied-edge");
        let stated = violation.rule_ref.expect("the rule has a place");
        assert_eq!(stated.file, "tool/module.yaml");
    }

    #[test]
    fn a_more_specific_permission_is_an_exception_to_a_prohibition() {
        let fixture = Fixture::clean();
        fixture.replace(
            RULES,
            "x/rates: { allow: [money] }",
            "x/rates: { allow: [money], deny: [\"**\"] }",
        );
        assert_eq!(fixture.denied(GATE), []);
    }

    #[test]
    fn banned_and_wrapped_crates_are_found_by_name() {
        let dependency = "openssl = { path = \"../outside/openssl\" }";
        let fixture = Fixture::clean();
        fixture.append("ids/Cargo.toml", &format!("{dependency}\n"));
        let rules: Vec<_> = fixture
            .denied(GATE)
            .iter()
            .map(|violation| violation.rule)
            .collect();
        assert_eq!(
            rules,
            [
                "dependency-rules/external-ban",
                "dependency-rules/external-wrapper"
            ]
        );
        expect(
            "tool",
            "build-dependencies",
            dependency,
            "dependency-rules/external-wrapper",
        );
        let fixture = Fixture::clean();
        fixture.append(
            "x/rates/Cargo.toml",
            "openssl = { path = \"../../outside/openssl\" }\n",
        );
        assert_eq!(fixture.denied(GATE), [], "the wrapper itself may use it");
    }

    #[test]
    fn a_facade_has_re_exports_only() {
        let fixture = Fixture::clean();
        fixture.append("all/src/lib.rs", "\npub fn help() {}\n");
        let violation = fixture.one_violation(GATE);
        assert_eq!(violation.rule, "dependency-rules/facade-logic");
        assert_eq!(place(&violation), "all/src/lib.rs:4");
    }

    #[test]
    fn rules_and_manifests_say_the_same() {
        let contradiction = |file: &str, from: &str, to: &str| {
            let fixture = Fixture::clean();
            fixture.replace(file, from, to);
            let violation = fixture.one_violation(GATE);
            assert_eq!(violation.rule, "dependency-rules/manifest-contradiction");
            violation.message
        };
        let manifest = "money/module.yaml";
        assert_eq!(
            contradiction(
                manifest,
                "allowed_imports: [ids]",
                "allowed_imports: [ids, ledger]"
            ),
            "money: manifest allows ledger, rules deny it"
        );
        assert_eq!(
            contradiction(
                manifest,
                "allowed_imports: [ids]",
                "allowed_imports: [ids, x/rates]"
            ),
            "money: manifest allows x/rates, rules do not list it"
        );
        assert_eq!(
            contradiction(manifest, "allowed_imports: [ids]", "allowed_imports: []"),
            "money: rules allow ids, manifest does not list it"
        );
    }

    #[test]
    fn a_manifest_that_forbids_what_the_rules_allow_contradicts_them() {
        let fixture = Fixture::clean();
        fixture.replace(
            "money/module.yaml",
            "allowed_imports: [ids]",
            "allowed_imports: []",
        );
        fixture.replace("money/module.yaml", "[nothing]", "[ids]");
        let rules: Vec<_> = fixture
            .denied(GATE)
            .into_iter()
            .map(|found| found.message)
            .collect();
        assert_eq!(
            rules,
            [
                "money -> ids is forbidden by the manifest of money",
                "money: manifest forbids ids, rules allow ids"
            ]
        );
    }

    #[test]
    fn the_rules_themselves_are_checked() {
        for (from, to, rule) in [
            (
                "allow: [money] }",
                "allow: [money, coins] }",
                "unknown-module",
            ),
            ("tag_rules:", "  coins: {}\ntag_rules:", "unknown-module"),
            (
                "path: ids, layer: stable",
                "path: ids, layer: tooling",
                "unknown-module",
            ),
            ("deny: [ledger]", "deny: [ledger, ids]", "rules-ambiguous"),
        ] {
            let fixture = Fixture::clean();
            fixture.replace(RULES, from, to);
            let found = fixture.denied(GATE);
            let wanted = format!("dependency-rules/{rule}");
            assert!(
                found.iter().any(|violation| violation.rule == wanted),
                "{to}: {found:#?}"
            );
        }
    }

    #[test]
    fn a_forbidden_path_may_not_exist() {
        let fixture = Fixture::clean();
        fixture.write("internal/notes.md", "hidden");
        let violation = fixture.one_violation(GATE);
        assert_eq!(violation.rule, "dependency-rules/forbidden-path");
        assert_eq!(violation.because.as_deref(), Some("No hidden crates."));
    }

    #[test]
    fn a_permission_that_nothing_uses_is_a_warning() {
        let fixture = Fixture::clean();
        fixture.replace("x/rates/Cargo.toml", "acme-money", "# acme-money");
        let warnings = fixture.violations(GATE, Level::Warn);
        assert_eq!(warnings.len(), 1, "{warnings:#?}");
        assert_eq!(warnings[0].rule, "dependency-rules/unused-allow");
        assert_eq!(fixture.denied(GATE), []);
    }
}

mod module_manifests {
    use super::*;

    const GATE: Gate = Gate::ModuleManifests;

    #[test]
    fn a_missing_manifest_is_a_violation_where_one_is_required() {
        let fixture = Fixture::clean();
        fixture
            .remove("x/rates/module.yaml")
            .remove("tool/module.yaml");
        let violation = fixture.one_violation(GATE);
        assert_eq!(violation.rule, "module-manifests/missing");
        assert_eq!(violation.subject, "x/rates");
    }

    #[test]
    fn each_kind_of_mistake_has_its_rule() {
        let long = format!("summary: {}", "x".repeat(201));
        let many = "non_goals: [a, b, c, d, e, f, g, h]";
        let cases: &[(&str, &str, &str, &str)] = &[
            ("ids", "owner: accounts\n", "", "key-missing"),
            ("ids", "owner: accounts", "owner:", "empty"),
            ("ids", "owner: accounts", "owner: nobody", "owner-unknown"),
            ("ids", "non_goals: [two]", "non_goals: []", "empty"),
            ("ids", "non_goals: [two]", "non_goals: [\" \"]", "empty"),
            ("ids", "non_goals: [two]", many, "limit"),
            ("ids", "summary: A module.", &long, "limit"),
            ("ids", "risk: low", "risk: mild", "enum"),
            (
                "ids",
                "review_checklist",
                "category: [odd]\nreview_checklist",
                "enum",
            ),
            ("ids", "path: ids", "path: id", "path-mismatch"),
            ("ids", "name: ids", "name: id", "name-mismatch"),
            (
                "reference/shop",
                "name: shop",
                "name: reference/shop",
                "name-mismatch",
            ),
            ("ids", "layer: stable", "layer: tooling", "layer-mismatch"),
            ("ids", "status: ga", "status: done", "status-invalid"),
            ("ids", "status: ga", "status: tool", "status-invalid"),
            ("tool", "status: tool", "status: ga", "status-invalid"),
            (
                "ids",
                "doc_paths: [ids/src/lib.rs]",
                "doc_paths: [ids/README.md]",
                "doc-missing",
            ),
            ("ids", "doc_paths: [ids/src/lib.rs]\n", "", "key-missing"),
            ("ids", "strict_boundary: kernel\n", "", "strict-boundary"),
            (
                "ids",
                "strict_boundary: kernel",
                "strict_boundary: soft",
                "strict-boundary",
            ),
            (
                "tool",
                "risk: low",
                "risk: low\nstrict_boundary: kernel",
                "strict-boundary",
            ),
            ("ids", "cargo test -p acme-ids", "make test", "test-command"),
            (
                "ids",
                "cargo test -p acme-ids",
                "cargo test -p acme-id",
                "test-command",
            ),
        ];
        for (module, from, to, rule) in cases {
            let fixture = Fixture::clean();
            fixture.replace(&format!("{module}/module.yaml"), from, to);
            let violation = fixture.one_violation(GATE);
            assert_eq!(violation.rule, format!("module-manifests/{rule}"), "{to}");
            assert!(
                violation.message.starts_with(&format!("{module}: ")),
                "{to}"
            );
            assert!(
                place(&violation).starts_with(&format!("{module}/module.yaml")),
                "{to}"
            );
        }
    }

    #[test]
    fn a_manifest_that_is_no_yaml_is_one_violation_not_many() {
        let fixture = Fixture::clean();
        fixture.write("ids/module.yaml", "name: [");
        let violation = fixture.one_violation(GATE);
        assert_eq!(violation.rule, "module-manifests/unreadable");
    }
}

mod source_rules {
    use super::*;

    const GATE: Gate = Gate::SourceRules;

    fn violation_after(path: &str, text: &str) -> (&'static str, String) {
        let fixture = Fixture::clean();
        fixture.write(path, text);
        let violation = fixture.one_violation(GATE);
        (violation.rule, place(&violation))
    }

    #[test]
    fn a_banned_path_is_found_in_products_of_its_scope_only() {
        let text = "//! M.\nuse std::env;\n\n/// One.\npub fn one() -> bool {\n    env::var(\"A\").is_ok()\n}\n";
        let (rule, place) = violation_after("ids/src/lib.rs", text);
        assert_eq!(
            (rule, place.as_str()),
            ("source-rules/banned-path", "ids/src/lib.rs:6")
        );
        for free in ["tool/src/lib.rs", "ids/tests/env.rs", "ids/build.rs"] {
            let fixture = Fixture::clean();
            fixture.write(free, text);
            let found = fixture.denied(GATE);
            // A build script is part of the product: it decides what is built.
            assert_eq!(
                found.len(),
                usize::from(free == "ids/build.rs"),
                "{free}: {found:#?}"
            );
        }
    }

    #[test]
    fn an_exception_in_the_source_needs_a_reason() {
        let text = |reason: &str| {
            let mark = "// plumego:allow(source-rules/banned-path";
            format!(
                "//! M.\nfn f() {{\n    {mark}{reason})\n    let _ = std::env::var(\"A\");\n}}\n"
            )
        };
        let fixture = Fixture::clean();
        fixture.write("ids/src/lib.rs", &text(", reason = \"the protocol\""));
        assert_eq!(fixture.denied(GATE), []);
        fixture.write("ids/src/lib.rs", &text(""));
        let rules: Vec<_> = fixture
            .denied(GATE)
            .iter()
            .map(|found| found.rule)
            .collect();
        assert_eq!(
            rules,
            ["source-rules/allow-reason", "source-rules/banned-path"]
        );
    }

    #[test]
    fn a_file_that_is_only_compiled_for_tests_is_free() {
        let fixture = Fixture::clean();
        fixture.append("ids/src/lib.rs", "\n#[cfg(test)]\nmod checks;\n");
        fixture.write("ids/src/checks.rs", "mod deep;\n");
        fixture.write(
            "ids/src/checks/deep.rs",
            "fn f() { let _ = std::env::var(\"A\"); }\n",
        );
        assert_eq!(fixture.denied(GATE), []);
    }

    #[test]
    fn a_name_that_says_nothing_is_refused_for_files_and_directories() {
        for path in [
            "ids/src/utils.rs",
            "ids/src/common/mod.rs",
            "tool/tests/helpers/mod.rs",
        ] {
            let (rule, place) = violation_after(path, "");
            assert_eq!((rule, place.as_str()), ("source-rules/file-name", path));
        }
    }

    #[test]
    fn a_crate_that_does_not_forbid_unsafe_code_is_a_violation() {
        let fixture = Fixture::clean();
        fixture.replace("ids/Cargo.toml", "[lints]\nworkspace = true\n", "");
        let violation = fixture.one_violation(GATE);
        assert_eq!(violation.rule, "source-rules/unsafe-audit");
        assert_eq!(place(&violation), "ids/src/lib.rs");
        fixture.replace(
            "ids/src/lib.rs",
            "//! A module.\n",
            "//! A module.\n#![forbid(unsafe_code)]\n",
        );
        assert_eq!(fixture.denied(GATE), []);
    }

    #[test]
    fn unsafe_code_stays_in_the_files_that_the_manifest_lists() {
        let fixture = Fixture::clean();
        fixture.append(
            "tool/module.yaml",
            "unsafe_code: { allow: [{ path: tool/src/alloc.rs, reason: counts, test: alloc }] }\n",
        );
        fixture.write(
            "tool/src/alloc.rs",
            "// SAFETY: nothing is shared.\nunsafe impl Send for A {}\n",
        );
        assert_eq!(fixture.denied(GATE), []);
        fixture.append("tool/src/alloc.rs", "fn f() {\n    unsafe { g() }\n}\n");
        let violation = fixture.one_violation(GATE);
        assert_eq!(place(&violation), "tool/src/alloc.rs:4");
        fixture.write("tool/src/alloc.rs", "");
        fixture.append(
            "tool/src/lib.rs",
            "// SAFETY: no.\nunsafe impl Send for A {}\n",
        );
        let violation = fixture.one_violation(GATE);
        assert_eq!(place(&violation), "tool/src/lib.rs:8");
        assert!(
            violation.message.contains("not listed"),
            "{}",
            violation.message
        );
    }

    #[test]
    fn a_file_that_is_not_rust_cannot_pass() {
        let (rule, place) = violation_after("ids/src/broken.rs", "fn {\n");
        assert_eq!(
            (rule, place.as_str()),
            ("source-rules/parse", "ids/src/broken.rs:1")
        );
    }
}
