//! From checked values to the fields of a manifest.

use super::super::manifest::{
    AssetsSection, BuildSection, Manifest, PackageSection, ServeSection, TestSection, Text,
};
use super::super::schema::KeySpec;
use super::Value;

/// Puts a checked value into its field. Every key of the schema has an arm;
/// a test sets each of them and reads it back.
pub(super) fn store(manifest: &mut Manifest, spec: &KeySpec, value: Value) {
    let Manifest {
        package,
        build,
        serve,
        assets,
        vite,
        workspace,
        test,
        ..
    } = manifest;
    match (spec.section, value) {
        ("package", value) => store_package(package, spec.key, value),
        ("build", value) => store_build(build, spec.key, value),
        ("serve", value) => store_serve(serve, spec.key, value),
        ("assets" | "assets.hooks", value) => store_assets(assets, spec.key, value),
        ("vite", Value::Text(text)) => {
            let vite = vite.get_or_insert_default();
            *if spec.key == "dev_url" {
                &mut vite.dev_url
            } else {
                &mut vite.dist_dir
            } = Some(text);
        }
        ("workspace", Value::List(patterns)) => {
            let workspace = workspace.get_or_insert_default();
            if spec.key == "members" {
                workspace.members = Some(patterns);
            } else {
                workspace.exclude = patterns;
            }
        }
        ("test", value) => store_test(test, value),
        _ => {}
    }
}

fn text_field<'m>(
    fields: &'m mut [(&'static str, &'m mut Text)],
    key: &str,
) -> Option<&'m mut Text> {
    fields
        .iter_mut()
        .find(|(name, _)| *name == key)
        .map(|(_, field)| &mut **field)
}

fn store_package(package: &mut PackageSection, key: &str, value: Value) {
    match value {
        Value::Version(version) => package.version = Some(version),
        Value::Requirement(requirement) => package.fuse = Some(requirement),
        Value::Bool(publish) => package.publish = Some(publish),
        Value::Text(text) => {
            let PackageSection {
                name,
                entry,
                app,
                backend,
                description,
                license,
                repository,
                ..
            } = package;
            let fields = &mut [
                ("name", name),
                ("entry", entry),
                ("app", app),
                ("backend", backend),
                ("description", description),
                ("license", license),
                ("repository", repository),
            ];
            if let Some(field) = text_field(fields, key) {
                *field = Some(text);
            }
        }
        Value::Int(_) | Value::List(_) => {}
    }
}

fn store_build(build: &mut BuildSection, key: &str, value: Value) {
    match (key, value) {
        ("embed_openapi", Value::Bool(on)) => build.embed_openapi = on,
        ("symbols", Value::Bool(on)) => build.symbols = on,
        ("strip", Value::Bool(on)) => build.strip = on,
        (_, Value::Text(text)) => {
            let BuildSection {
                openapi,
                native_bin,
                cpu,
                target,
                ..
            } = build;
            let fields = &mut [
                ("openapi", openapi),
                ("native_bin", native_bin),
                ("cpu", cpu),
                ("target", target),
            ];
            if let Some(field) = text_field(fields, key) {
                *field = Some(text);
            }
        }
        _ => {}
    }
}

fn store_serve(serve: &mut ServeSection, key: &str, value: Value) {
    match value {
        Value::Bool(on) => serve.openapi_ui = Some(on),
        Value::Text(text) => {
            let ServeSection {
                static_dir,
                static_index,
                openapi_path,
                ..
            } = serve;
            let fields = &mut [
                ("static_dir", static_dir),
                ("static_index", static_index),
                ("openapi_path", openapi_path),
            ];
            if let Some(field) = text_field(fields, key) {
                *field = Some(text);
            }
        }
        _ => {}
    }
}

fn store_assets(assets: &mut AssetsSection, key: &str, value: Value) {
    match (key, value) {
        ("watch", Value::Bool(on)) => assets.watch = on,
        ("hash", Value::Bool(on)) => assets.hash = on,
        ("css", Value::Text(text)) => assets.css = Some(text),
        ("out", Value::Text(text)) => assets.out = Some(text),
        ("before_build", Value::Text(text)) => assets.before_build = Some(text),
        _ => {}
    }
}

fn store_test(test: &mut TestSection, value: Value) {
    match value {
        Value::Int(limit) => test.timeout_ms = limit,
        Value::Bool(on) => test.isolate_db = on,
        _ => {}
    }
}
