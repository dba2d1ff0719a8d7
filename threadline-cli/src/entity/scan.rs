//! Finding entities in source files.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use syn::{DeriveInput, Item, ItemStruct, Meta, Token, punctuated::Punctuated};
use threadline::{
    CapturePolicy,
    codegen::{ColumnKind, ColumnSpec, InvalidTableName, TableName},
    policy::{CaptureLevel, ContextMode, TruncateMode},
};

use crate::{
    entity::{Entity, Place, expanded::Expanded, kind::kind},
    project::rust_files,
    syntax::{self, ColumnRef, EntityForm, EntitySyntax},
};

/// The schema of an entity that names none.
const DEFAULT_SCHEMA: &str = "public";

/// The sources could not be understood.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ScanError {
    /// The file system refused.
    #[error("failed to read `{path}`")]
    Read {
        path: PathBuf,
        #[source]
        err: io::Error,
    },

    /// A source that was named is not there.
    #[error("the source `{0}` does not exist")]
    NoSource(PathBuf),

    /// A file that speaks of audited entities does not parse.
    #[error("{place}: the file is not valid rust")]
    Syntax {
        place: Place,
        #[source]
        err: syn::Error,
    },

    /// `#[audited(..)]` is wrong: every mistake of one entity.
    #[error("the policy of an entity is not valid")]
    Policy(#[source] Mistakes),

    /// The name of the table is none.
    #[error("{place}: the entity's table has no valid name")]
    Name {
        place: Place,
        #[source]
        err: InvalidTableName,
    },

    /// An audited entity whose table is not to be seen.
    #[error("{0}: the entity does not say its table")]
    NoTable(Place),
}

/// Mistakes in an entity, each with its place.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub(crate) struct Mistakes(Vec<String>);

/// Every entity in the files and directories.
///
/// Modules inside of files count. Code that a macro writes is not seen.
///
/// # Errors
/// [`ScanError`]
pub(crate) fn scan<'a>(
    paths: impl IntoIterator<Item = &'a Path>,
    shorten: impl Fn(&Path) -> PathBuf,
) -> Result<Vec<Entity>, ScanError> {
    let mut entities = Vec::new();
    for root in paths {
        if !root.exists() {
            return Err(ScanError::NoSource(root.to_owned()));
        }
        let files = rust_files(root).map_err(|(path, err)| ScanError::Read { path, err })?;
        for path in files {
            let bytes = fs::read(&path).map_err(|err| {
                let path = path.clone();
                ScanError::Read { path, err }
            })?;
            if let Ok(text) = std::str::from_utf8(&bytes) {
                read(text, &shorten(&path), &mut entities)?;
            }
        }
    }
    Ok(entities)
}

fn read(text: &str, path: &Path, entities: &mut Vec<Entity>) -> Result<(), ScanError> {
    if !["Audited", "DeriveEntityModel", "DeriveModel"]
        .iter()
        .any(|word| text.contains(word))
    {
        return Ok(());
    }
    match syn::parse_file(text) {
        Ok(file) => collect(&file.items, path, entities),
        // Only what is meant to be audited has to be understood.
        Err(_) if !text.contains("Audited") => Ok(()),
        Err(err) => Err(ScanError::Syntax {
            place: Place::new(path, line(err.span())),
            err,
        }),
    }
}

fn collect(items: &[Item], path: &Path, entities: &mut Vec<Entity>) -> Result<(), ScanError> {
    for item in items {
        match item {
            Item::Struct(model) => entities.extend(entity(model, items, path)?),
            Item::Mod(module) => {
                let inner = module.content.as_ref().map_or(&[][..], |(_, items)| items);
                collect(inner, path, entities)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn entity(model: &ItemStruct, siblings: &[Item], path: &Path) -> Result<Option<Entity>, ScanError> {
    let derives: Vec<String> = model
        .attrs
        .iter()
        .flat_map(|attr| derived(&attr.meta))
        .collect();
    let derives = |name: &str| derives.iter().any(|derived| derived == name);
    let audited = derives("Audited");
    if !(audited || derives("DeriveEntityModel") || derives("DeriveModel")) {
        return Ok(None);
    }
    let place = Place::new(path, line(model.ident.span()));
    let syntax = match syntax::parse(&DeriveInput::from(model.clone())) {
        Ok(syntax) => syntax,
        Err(err) if audited => return Err(ScanError::Policy(mistakes(&err, path))),
        Err(_) => return Ok(None),
    };
    let by_hand = match syntax.form {
        EntityForm::Derived => Expanded::default(),
        EntityForm::Expanded => Expanded::read(siblings),
    };
    let Some(table) = syntax.table_name.clone().or_else(|| by_hand.table.clone()) else {
        return if audited {
            Err(ScanError::NoTable(place))
        } else {
            Ok(None)
        };
    };
    let schema = syntax
        .schema_name
        .clone()
        .or_else(|| by_hand.schema.clone());
    let schema = schema.unwrap_or_else(|| DEFAULT_SCHEMA.to_owned());
    let table = match TableName::new(schema, table) {
        Ok(table) => table,
        Err(err) if audited => return Err(ScanError::Name { place, err }),
        Err(_) => return Ok(None),
    };
    let policy = policy(&syntax, &by_hand);
    let marked = syntax.columns.iter().filter(|column| column.is_key);
    Ok(Some(Entity {
        table,
        columns: columns(model, &syntax, &by_hand, &policy),
        key: if by_hand.key.is_empty() {
            marked.map(|column| column.name.clone()).collect()
        } else {
            by_hand.key.clone()
        },
        policy,
        audited,
        place,
    }))
}

/// The columns of the fields, then those that the model leaves out and the policy names.
fn columns(
    model: &ItemStruct,
    syntax: &EntitySyntax,
    by_hand: &Expanded,
    policy: &CapturePolicy,
) -> Vec<ColumnSpec> {
    let mut columns: Vec<ColumnSpec> = Vec::new();
    for column in &syntax.columns {
        let name = by_hand
            .column(&column.variant.to_string())
            .unwrap_or(&column.name)
            .to_owned();
        let field = model
            .fields
            .iter()
            .find(|field| field.ident.as_ref() == Some(&column.field));
        // Two fields of one column are alternatives under `cfg`.
        if columns.iter().all(|column| column.name != name) {
            let kind = field.map_or(ColumnKind::Other, kind);
            columns.push(ColumnSpec { name, kind });
        }
    }
    for name in [&policy.exclude, &policy.mask, &policy.except]
        .into_iter()
        .flatten()
    {
        if columns.iter().all(|column| column.name != *name) {
            let (name, kind) = (name.clone(), ColumnKind::Other);
            columns.push(ColumnSpec { name, kind });
        }
    }
    columns
}

/// The policy that the derive would put into the program.
fn policy(syntax: &EntitySyntax, by_hand: &Expanded) -> CapturePolicy {
    let name = |column: &ColumnRef| {
        let variant = column.variant.as_ref().map(ToString::to_string);
        let name = variant
            .as_deref()
            .and_then(|variant| by_hand.column(variant));
        name.unwrap_or(&column.name).to_owned()
    };
    let names = |columns: &[ColumnRef]| columns.iter().map(name).collect();
    CapturePolicy {
        exclude: names(&syntax.exclude),
        mask: names(&syntax.mask),
        except: names(&syntax.except),
        store_changed_from: syntax.store_changed_from,
        primary_key: syntax.primary_key.as_deref().map(names),
        context: match syntax.context {
            syntax::ContextMode::Allow => ContextMode::Allow,
            syntax::ContextMode::Warn => ContextMode::Warn,
            syntax::ContextMode::Require => ContextMode::Require,
        },
        truncate: match syntax.truncate {
            syntax::TruncateMode::Record => TruncateMode::Record,
            syntax::TruncateMode::Refuse => TruncateMode::Refuse,
            syntax::TruncateMode::Rows => TruncateMode::Rows,
        },
        capture: match syntax.capture {
            syntax::CaptureLevel::Row => CaptureLevel::Row,
            syntax::CaptureLevel::Statement => CaptureLevel::Statement,
        },
    }
}

/// The last words of the paths in `derive(..)`, also of one in a `cfg_attr`.
fn derived(meta: &Meta) -> Vec<String> {
    let Meta::List(list) = meta else {
        return Vec::new();
    };
    if list.path.is_ident("derive") {
        let paths = list.parse_args_with(Punctuated::<syn::Path, Token![,]>::parse_terminated);
        let last = |path: &syn::Path| Some(path.segments.last()?.ident.to_string());
        return paths.iter().flatten().filter_map(last).collect();
    }
    if list.path.is_ident("cfg_attr") {
        let metas = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
        return metas.iter().flatten().skip(1).flat_map(derived).collect();
    }
    Vec::new()
}

fn mistakes(err: &syn::Error, path: &Path) -> Mistakes {
    let lines = err
        .into_iter()
        .map(|err| format!("{}: {err}", Place::new(path, line(err.span()))));
    Mistakes(lines.collect())
}

fn line(span: proc_macro2::Span) -> usize {
    span.start().line
}

#[cfg(test)]
mod tests;
