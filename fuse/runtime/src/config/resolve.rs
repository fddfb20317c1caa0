//! Resolving all fields of all blocks.

use std::sync::OnceLock;

use super::file::ConfigFile;
use crate::context::{Ctx, Unit};
use crate::decode::{TextOptions, decode_text};
use crate::error::Failure;
use crate::fault::{Fault, FaultCode, FieldProblem, Outcome};
use crate::heap::Shared;
use crate::interrupt::Interrupt;
use crate::meta::{ConfigField, ProgramMeta, is_secret_text};
use crate::runtime::Runtime;
use crate::validate::{Path, Problems, code, validate};
use crate::value::Value;

/// The values of all configuration fields, by block and field.
#[derive(Debug)]
pub(crate) struct Values(Vec<Vec<OnceLock<Shared>>>);

impl Values {
    /// Room for the fields of a program.
    pub(crate) fn new(meta: &ProgramMeta) -> Self {
        let blocks = meta.configs.iter();
        Self(
            blocks
                .map(|block| block.fields.iter().map(|_| OnceLock::new()).collect())
                .collect(),
        )
    }

    /// The value of a field.
    pub(crate) fn get(&self, block: usize, field: usize) -> Outcome<Value> {
        let value = self.0.get(block).and_then(|block| block.get(field)?.get());
        // Only while others fail to resolve, or in a program without a start.
        let value = value.ok_or_else(|| Fault::internal("configuration is not resolved"))?;
        Ok(value.to_value())
    }

    fn set(&self, block: usize, field: usize, value: Value) -> Outcome<()> {
        let shared = Shared::immortal(value)?;
        // Resolving twice gives the same values.
        let _ = self.0[block][field].set(shared);
        Ok(())
    }
}

/// Resolves every field, in the order that defaults need, and reports everything
/// that is wrong in the order of declaration.
pub(crate) fn resolve(runtime: &Runtime) -> Result<(), Failure> {
    let meta = runtime.meta();
    if meta.configs.is_empty() {
        return Ok(());
    }
    let (file, shown, hints) = match ConfigFile::load(runtime.directory(), runtime.environment()) {
        Ok(loaded) => loaded,
        Err((path, error)) => {
            return Err(Failure::Fault(Fault::validation(vec![FieldProblem {
                path: "config".to_owned(),
                code: code::INVALID_FORMAT.into(),
                message: format!("config file {}: {error}", path.display()),
            }])));
        }
    };
    let hints = hints
        .into_iter()
        .chain(unknown_keys(meta, &file, &shown.display().to_string()));
    for hint in hints.chain(misspelt_variables(runtime)) {
        runtime.stdio().error_line(&format!("config hint: {hint}"));
    }
    let mut ctx = Ctx::new(runtime.clone(), Unit::Boundary, Interrupt::default());
    let mut found: Vec<((u32, u32), Problems)> = Vec::new();
    for (block, field) in meta.config_order.iter().copied() {
        let mut problems = Problems::new();
        let outcome = one(
            &mut ctx,
            &file,
            block as usize,
            field as usize,
            &mut problems,
        );
        match outcome {
            Ok(()) if problems.is_empty() => {}
            Ok(()) => found.push(((block, field), problems)),
            // A default that reads a field that is wrong has nothing to say.
            Err(fault) if fault.code() == FaultCode::Internal && !found.is_empty() => {}
            Err(fault) => return Err(Failure::Fault(fault)),
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    found.sort_by_key(|(place, _)| *place);
    let fields = found
        .into_iter()
        .flat_map(|(_, problems)| problems.into_fields());
    Err(Failure::Fault(Fault::validation(fields.collect())))
}

/// Resolves one field: from the environment, the file, or its default.
fn one(
    ctx: &mut Ctx,
    file: &ConfigFile,
    block: usize,
    field: usize,
    problems: &mut Problems,
) -> Outcome<()> {
    let runtime = ctx.runtime().clone();
    let config = &runtime.meta().configs[block];
    let declared = &config.fields[field];
    let root = format!("config.{}.{}", config.name, declared.name);
    let path = Path::root(&root);
    let from_env = runtime.environment().get(declared.env);
    let value = match from_env.map_err(|error| Fault::error(error.to_string()))? {
        Some(text) => {
            let redact = is_secret_text(declared.name, text);
            decode_text(
                ctx,
                declared.ty,
                text,
                TextOptions { redact },
                &path,
                problems,
            )?
        }
        None => {
            let text = file.text(config.name, declared.name).unwrap_or_default();
            let redact = is_secret_text(declared.name, text);
            match file.decode(ctx, config.name, declared.name, declared.ty, redact)? {
                Some(Ok(value)) => Some(value),
                Some(Err(invalid)) => {
                    problems.add_all(invalid.into_fields(&root));
                    None
                }
                None => default(ctx, declared, &path, problems)?,
            }
        }
    };
    match value {
        Some(value) => runtime.config_values().set(block, field, value),
        None => Ok(()),
    }
}

fn default(
    ctx: &mut Ctx,
    declared: &ConfigField,
    path: &Path<'_>,
    problems: &mut Problems,
) -> Outcome<Option<Value>> {
    let value = ctx.call(declared.default, &mut [])?;
    if declared.checked {
        let path = path.secret(is_secret_text(declared.name, ""));
        validate(ctx, declared.ty, value.peek(), &path, problems)?;
    }
    Ok(problems.is_empty().then_some(value))
}

/// Keys of sections that have a block but no such field.
fn unknown_keys(meta: &ProgramMeta, file: &ConfigFile, shown: &str) -> Vec<String> {
    let mut hints = Vec::new();
    for config in meta.configs {
        let declared = |key: &str| config.fields.iter().any(|field| field.name == key);
        for key in file
            .keys(config.name)
            .into_iter()
            .filter(|key| !declared(key))
        {
            hints.push(format!(
                "unknown key {}.{key} in config file {shown}",
                config.name
            ));
        }
    }
    hints
}

/// Variables that are meant for a field and miss it by their underscores.
fn misspelt_variables(runtime: &Runtime) -> Vec<String> {
    let squeezed = |name: &str| name.replace('_', "");
    let mut hints = Vec::new();
    for (name, _) in runtime.environment().iter() {
        let configs = runtime.meta().configs.iter();
        let mut fields =
            configs.flat_map(|config| config.fields.iter().map(move |field| (config, field)));
        if fields.clone().any(|(_, field)| field.env == name) {
            continue;
        }
        let meant = fields.find(|(config, field)| {
            name.starts_with(&format!("{}_", env_words(config.name)))
                && squeezed(name) == squeezed(field.env)
        });
        if let Some((config, field)) = meant {
            let (env, block, field) = (field.env, config.name, field.name);
            hints.push(format!(
                "env var {name} is ignored; did you mean {env} for {block}.{field}?"
            ));
        }
    }
    hints
}

/// The environment variable of a field: `App` and `dbUrl` give `APP_DB_URL`.
#[must_use]
pub fn env_key(block: &str, field: &str) -> String {
    format!("{}_{}", env_words(block), env_words(field))
}

/// A name split before capitals that begin a word, in upper case.
fn env_words(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut key = String::with_capacity(name.len() + 4);
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(index + 1);
        let begins = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_numeric()
                    || before.is_uppercase() && after.is_some_and(|after| after.is_lowercase())
            });
        if begins {
            key.push('_');
        }
        match letter {
            '-' => key.push('_'),
            letter => key.extend(letter.to_uppercase()),
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::env_key;

    #[test]
    fn variables_are_named_after_their_fields() {
        for (block, field, expected) in [
            ("App", "port", "APP_PORT"),
            ("App", "dbUrl", "APP_DB_URL"),
            ("HttpClient", "maxIdle", "HTTP_CLIENT_MAX_IDLE"),
            ("App", "URLPrefix", "APP_URL_PREFIX"),
            ("App", "v2Key", "APP_V2_KEY"),
            ("my-app", "a_b", "MY_APP_A_B"),
        ] {
            assert_eq!(env_key(block, field), expected);
        }
    }
}
