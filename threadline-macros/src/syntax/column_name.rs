//! SeaORM's rules for the names of a field's column: the only place that knows them.

use heck::{
    ToKebabCase, ToLowerCamelCase, ToShoutyKebabCase, ToShoutySnakeCase, ToSnakeCase, ToTitleCase,
    ToUpperCamelCase,
};
use proc_macro2::Ident;

/// Words that SeaORM writes as raw identifiers.
const KEYWORDS: [&str; 49] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static",
    "struct", "super", "trait", "true", "try", "type", "typeof", "union", "unsafe", "unsized",
    "use", "virtual", "where", "while", "yield",
];

/// Words that can't be raw identifiers.
const SELF_WORDS: [&str; 3] = ["Self", "crate", "self"];

/// How `#[sea_orm(rename_all = "..")]` writes every column of an entity.
#[derive(Clone, Copy, Debug)]
pub(super) struct RenameAll(fn(&str) -> String);

impl RenameAll {
    /// The rule for a word of SeaORM's.
    pub(super) fn from_word(word: &str) -> Option<Self> {
        Some(Self(match word {
            "PascalCase" | "camel_case" => |name| name.to_upper_camel_case(),
            "camelCase" | "mixed_case" => |name| name.to_lower_camel_case(),
            "snake_case" | "snek_case" => |name| name.to_snake_case(),
            "SCREAMING_SNAKE_CASE" | "shouty_snake_case" | "shouty_snek_case" => {
                |name| name.to_shouty_snake_case()
            }
            "kebab-case" | "kebab_case" => |name| name.to_kebab_case(),
            "SCREAMING-KEBAB-CASE" => |name| name.to_shouty_kebab_case(),
            "title_case" => |name| name.to_title_case(),
            "lowercase" => |name| name.to_lowercase(),
            "UPPERCASE" => |name| name.to_uppercase(),
            _ => return None,
        }))
    }
}

/// The variant of `Column` that belongs to a field.
pub(super) fn variant(field: &Ident, enum_name: Option<&str>) -> Ident {
    let name = enum_name.map_or_else(|| pascal(field), str::to_owned);
    let name = if KEYWORDS.contains(&name.as_str()) {
        format!("r#{name}")
    } else if SELF_WORDS.contains(&name.as_str()) {
        format!("{name}_")
    } else {
        name
    };
    // Where there is no such identifier, SeaORM has already refused the field.
    let mut variant = syn::parse_str::<Ident>(&name).unwrap_or_else(|_| field.clone());
    variant.set_span(field.span());
    variant
}

/// The name of a field's column when the field does not say `column_name`.
pub(super) fn implied(field: &Ident, variant: &Ident, rename_all: Option<RenameAll>) -> String {
    let written = unraw(field);
    let pascal = pascal(field);
    match rename_all {
        Some(RenameAll(rename)) => rename(&pascal),
        None if written != pascal.to_snake_case() => written.to_snake_case(),
        None => variant.to_string().to_snake_case(),
    }
}

/// A field's name without `r#`.
pub(super) fn unraw(field: &Ident) -> String {
    field.to_string().trim_start_matches("r#").to_owned()
}

fn pascal(field: &Ident) -> String {
    unraw(field).to_upper_camel_case()
}
