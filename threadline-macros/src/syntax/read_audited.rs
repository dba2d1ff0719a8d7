//! Reads `#[audited(..)]`: which words stand there, and what was written with them.

use proc_macro2::{Ident, Span};
use syn::{
    DeriveInput, Field, FieldsNamed, LitStr, Meta, Path, Token, punctuated::Punctuated,
    spanned::Spanned,
};

use super::{
    entity::{CaptureLevel, ColumnSyntax, ContextMode, TruncateMode},
    errors::Errors,
    read_sea_orm::{FieldKind, Model, attributes},
    value::{boolean, columns, list, one_of},
};

const STRUCT_WORDS: [&str; 8] = [
    "exclude",
    "mask",
    "except",
    "store_changed_from",
    "primary_key",
    "context",
    "truncate",
    "capture",
];

const FIELD_WORDS: [&str; 3] = ["exclude", "mask", "except"];

/// A column as it was written.
#[derive(Debug)]
pub(super) enum Written {
    /// By a word on its field.
    OnField(ColumnSyntax, Span),
    /// By its name.
    Named(LitStr),
    /// By its name, as one that the model leaves out.
    Unmapped(LitStr),
}

/// Everything that was written for an entity.
#[derive(Debug, Default)]
pub(super) struct Words {
    pub(super) exclude: Vec<Written>,
    pub(super) mask: Vec<Written>,
    pub(super) except: Vec<Written>,
    pub(super) store_changed_from: Option<bool>,
    pub(super) primary_key: Option<(Span, Vec<Written>)>,
    pub(super) context: Option<ContextMode>,
    pub(super) truncate: Option<TruncateMode>,
    pub(super) capture: Option<CaptureLevel>,
}

impl Words {
    pub(super) fn read(
        input: &DeriveInput,
        fields: &FieldsNamed,
        model: &Model,
        errors: &mut Errors,
    ) -> Self {
        let mut words = Self::default();
        let mut seen = Vec::new();
        for meta in attributes(&input.attrs, "audited") {
            for word in inner(&meta, &STRUCT_WORDS, errors) {
                words.read_on_struct(&word, &mut seen, errors);
            }
        }
        for field in &fields.named {
            match field
                .ident
                .as_ref()
                .and_then(|ident| model.column_of(ident))
            {
                Some(column) => words.read_on_field(field, column, errors),
                None => refuse_words(field, FieldKind::of(field), errors),
            }
        }
        words
    }

    fn read_on_struct(&mut self, meta: &Meta, seen: &mut Vec<String>, errors: &mut Errors) {
        let Some(word) = known(meta.path(), &STRUCT_WORDS, seen, errors) else {
            return;
        };
        match word.to_string().as_str() {
            "exclude" => self.exclude.extend(columns(meta, &word, errors)),
            "mask" => self.mask.extend(columns(meta, &word, errors)),
            "except" => self.except.extend(columns(meta, &word, errors)),
            "primary_key" => self.primary_key = Some((word.span(), columns(meta, &word, errors))),
            "store_changed_from" => self.store_changed_from = boolean(meta, &word, errors),
            "context" => self.context = one_of(meta, &word, &ContextMode::WORDS, errors),
            "truncate" => self.truncate = one_of(meta, &word, &TruncateMode::WORDS, errors),
            _ => self.capture = one_of(meta, &word, &CaptureLevel::WORDS, errors),
        }
    }

    fn read_on_field(&mut self, field: &Field, column: &ColumnSyntax, errors: &mut Errors) {
        let mut seen = Vec::new();
        for meta in attributes(&field.attrs, "audited") {
            for meta in inner(&meta, &FIELD_WORDS, errors) {
                let Some(word) = known_on_field(&meta, &mut seen, errors) else {
                    continue;
                };
                let written = Written::OnField(column.clone(), word.span());
                match word.to_string().as_str() {
                    "exclude" => self.exclude.push(written),
                    "mask" => self.mask.push(written),
                    _ => self.except.push(written),
                }
            }
        }
    }
}

/// Reports words on a field that is not a column, where they would do nothing.
pub(super) fn refuse_words(field: &Field, kind: FieldKind, errors: &mut Errors) {
    let why = match kind {
        FieldKind::Relation => "this field is a relation and has no column of its own",
        FieldKind::Ignored => {
            "this field is marked `#[sea_orm(ignore)]`; if the table has its column, name that on \
             the struct, `mask(unmapped(\"..\"))`"
        }
        FieldKind::Column => return,
    };
    for meta in attributes(&field.attrs, "audited") {
        errors.at(meta.path().span(), why);
    }
}

/// The words in the brackets of one attribute.
fn inner(meta: &Meta, allowed: &[&str], errors: &mut Errors) -> Vec<Meta> {
    let words = match meta {
        Meta::List(list) => {
            match list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) {
                Ok(words) => words.into_iter().collect(),
                Err(error) => {
                    errors.add(error);
                    return Vec::new();
                }
            }
        }
        Meta::Path(_) | Meta::NameValue(_) => Vec::new(),
    };
    if words.is_empty() {
        errors.at(
            meta.path().span(),
            format_args!("`audited` needs a word in brackets: {}", list(allowed)),
        );
    }
    words
}

/// The word of a path, if it is one of `allowed` and the first of its kind.
fn known(
    path: &Path,
    allowed: &[&str],
    seen: &mut Vec<String>,
    errors: &mut Errors,
) -> Option<Ident> {
    let Some(word) = path
        .get_ident()
        .filter(|word| allowed.iter().any(|allowed| *word == allowed))
    else {
        let name: Vec<_> = path
            .segments
            .iter()
            .map(|part| part.ident.to_string())
            .collect();
        let name = name.join("::");
        errors.at(
            path.span(),
            format_args!("unknown word `{name}`, expected {}", list(allowed)),
        );
        return None;
    };
    let name = word.to_string();
    if seen.contains(&name) {
        errors.at(word.span(), format_args!("`{name}` is given twice"));
        return None;
    }
    seen.push(name);
    Some(word.clone())
}

fn known_on_field(meta: &Meta, seen: &mut Vec<String>, errors: &mut Errors) -> Option<Ident> {
    let path = meta.path();
    if let Some(word) = path.get_ident()
        && STRUCT_WORDS.iter().any(|known| word == known)
        && !FIELD_WORDS.iter().any(|known| word == known)
    {
        let fields = list(&FIELD_WORDS);
        errors.at(
            word.span(),
            format_args!("`{word}` belongs on the struct; a field takes {fields}"),
        );
        return None;
    }
    let word = known(path, &FIELD_WORDS, seen, errors)?;
    if !matches!(meta, Meta::Path(_)) {
        errors.at(
            word.span(),
            format_args!("`{word}` takes no value on a field"),
        );
        return None;
    }
    Some(word)
}
