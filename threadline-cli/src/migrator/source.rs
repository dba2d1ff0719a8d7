//! Reads the file with `impl MigratorTrait` as far as registering needs it.

use std::ops::Range;

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, Expr, ImplItem, ImplItemFn, Item, ItemImpl, ItemMod, Macro, Stmt, Token,
    parse::Parser, punctuated::Punctuated, spanned::Spanned, visit::Visit,
};

/// Why migrations cannot be registered in a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum NotRegistrable {
    /// The file does not parse.
    #[error("the file is not valid rust")]
    Syntax(#[from] syn::Error),

    /// No `impl MigratorTrait` at the top of the file.
    #[error("the file has no `impl MigratorTrait`")]
    NoMigrator,

    /// More than one `impl MigratorTrait`.
    #[error("the file has more than one `impl MigratorTrait`")]
    SeveralMigrators,

    /// `fn migrations` does more than returning one `vec![…]`.
    #[error("`fn migrations` is not one plain `vec![…]`")]
    NotPlain,

    /// The list could not be read as expressions.
    #[error("the `vec![…]` in `fn migrations` is not a list of migrations")]
    List(#[source] syn::Error),

    /// The listed migrations are declared in another file.
    #[error("the listed migrations are not modules declared in this file")]
    DeclaredElsewhere,

    /// The edited text does not read back as meant.
    #[error("the edited file would not list the same migrations as before")]
    Mangled,
}

/// A `mod x;` line.
#[derive(Debug)]
pub(super) struct Module {
    pub(super) name: String,
    pub(super) public: bool,
    pub(super) end: usize,
}

/// The `vec![…]` of `fn migrations`.
#[derive(Debug)]
pub(super) struct List {
    pub(super) open_end: usize,
    pub(super) close_start: usize,
    pub(super) entries: Vec<Range<usize>>,
    pub(super) commas: Vec<Range<usize>>,
}

/// A file with one `impl MigratorTrait` whose list of migrations is one plain `vec![…]`.
#[derive(Debug)]
pub(crate) struct MigratorSource {
    pub(super) text: String,
    pub(super) modules: Vec<Module>,
    /// Behind what a first `mod` line goes.
    pub(super) first_module: Option<usize>,
    pub(super) list: List,
    pub(super) entries: Vec<Expr>,
    idents: Vec<String>,
}

impl MigratorSource {
    /// Reads the text of the file.
    pub(crate) fn parse(text: &str) -> Result<Self, NotRegistrable> {
        // syn strips a byte order mark, and then counts offsets without it.
        let base = if text.starts_with('\u{feff}') {
            '\u{feff}'.len_utf8()
        } else {
            0
        };
        let file = syn::parse_file(&text[base..])?;
        let shift = |range: Range<usize>| range.start + base..range.end + base;

        let mut migrators = file.items.iter().filter_map(migrator_impl);
        let migrator = migrators.next().ok_or(NotRegistrable::NoMigrator)?;
        if migrators.next().is_some() {
            return Err(NotRegistrable::SeveralMigrators);
        }
        let list = plain_list(migrator).ok_or(NotRegistrable::NotPlain)?;
        let parsed = Punctuated::<Expr, Token![,]>::parse_terminated
            .parse2(list.tokens.clone())
            .map_err(NotRegistrable::List)?;
        let delimiters = list.delimiter.span();
        let modules: Vec<_> = file
            .items
            .iter()
            .filter_map(|item| module(item, shift))
            .collect();
        let first_module = file
            .items
            .iter()
            .rfind(|item| matches!(item, Item::Mod(_) | Item::Use(_) | Item::ExternCrate(_)))
            .map(|item| item.span().byte_range().end)
            .or_else(|| Some(file.attrs.last()?.span().byte_range().end));
        let source = Self {
            text: text.to_owned(),
            modules,
            first_module: first_module.map(|end| end + base),
            list: List {
                open_end: shift(delimiters.open().byte_range()).end,
                close_start: shift(delimiters.close().byte_range()).start,
                entries: parsed
                    .iter()
                    .map(|entry| shift(entry.span().byte_range()))
                    .collect(),
                commas: parsed
                    .pairs()
                    .filter_map(|pair| pair.punct().map(|comma| shift(comma.span.byte_range())))
                    .collect(),
            },
            entries: parsed.into_iter().collect(),
            idents: idents(list.tokens.clone()),
        };
        if !source.entries.is_empty() && !source.modules.iter().any(|m| source.lists(&m.name)) {
            return Err(NotRegistrable::DeclaredElsewhere);
        }
        Ok(source)
    }

    /// Whether a migration of that module name is declared and listed.
    pub(crate) fn is_registered(&self, name: &str) -> bool {
        self.declares(name) && self.lists(name)
    }

    /// The names of all declared modules.
    pub(crate) fn module_names(&self) -> impl Iterator<Item = &str> {
        self.modules.iter().map(|module| module.name.as_str())
    }

    pub(super) fn declares(&self, name: &str) -> bool {
        self.module_names().any(|module| module == name)
    }

    pub(super) fn lists(&self, name: &str) -> bool {
        self.idents.iter().any(|ident| ident == name)
    }
}

/// Whether the text implements `MigratorTrait` outside of inline modules and test code.
///
/// # Errors
/// When the file would be a Migrator by its words, and is not valid Rust.
pub(crate) fn has_migrator(text: &str) -> syn::Result<bool> {
    if !text.contains("MigratorTrait") {
        return Ok(false);
    }
    match syn::parse_file(text) {
        Ok(file) => Ok(file.items.iter().any(|item| migrator_impl(item).is_some())),
        Err(err) if text.contains("MigratorTrait for ") => Err(err),
        Err(_) => Ok(false),
    }
}

fn migrator_impl(item: &Item) -> Option<&ItemImpl> {
    let Item::Impl(block) = item else { return None };
    let (_, path, _) = block.trait_.as_ref()?;
    let name = &path.segments.last()?.ident;
    let migrator = name == "MigratorTrait" || name == "MigratorTraitSelf";
    (migrator && !block.attrs.iter().any(is_cfg_test)).then_some(block)
}

fn is_cfg_test(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute
            .parse_args::<syn::Path>()
            .is_ok_and(|path| path.is_ident("test"))
}

fn module(item: &Item, shift: impl Fn(Range<usize>) -> Range<usize>) -> Option<Module> {
    match item {
        Item::Mod(ItemMod {
            vis,
            ident,
            content: None,
            ..
        }) => Some(Module {
            name: ident.to_string(),
            public: matches!(vis, syn::Visibility::Public(_)),
            end: shift(item.span().byte_range()).end,
        }),
        _ => None,
    }
}

/// The one `vec![…]` that `fn migrations` returns, when nothing else happens there: as the last
/// expression, returned, or bound once and then handed out.
fn plain_list(migrator: &ItemImpl) -> Option<&Macro> {
    let mut functions = migrator.items.iter().filter_map(|item| match item {
        ImplItem::Fn(function) if function.sig.ident == "migrations" => Some(function),
        _ => None,
    });
    let function = functions.next()?;
    if functions.next().is_some() || vec_macros(function) != 1 {
        return None;
    }
    let list = match function.block.stmts.as_slice() {
        [only] => result(only)?,
        [Stmt::Local(local), last] => {
            bound_name(&local.pat).filter(|name| hands_out(last, name))?;
            vec_macro(&local.init.as_ref()?.expr)?
        }
        _ => return None,
    };
    (!is_repetition(list)).then_some(list)
}

fn vec_macros(function: &ImplItemFn) -> usize {
    struct Count(usize);
    impl Visit<'_> for Count {
        fn visit_macro(&mut self, invocation: &Macro) {
            self.0 += usize::from(invocation.path.is_ident("vec"));
        }
    }
    let mut count = Count(0);
    count.visit_block(&function.block);
    count.0
}

fn result(statement: &Stmt) -> Option<&Macro> {
    match statement {
        Stmt::Expr(expr, _) => vec_macro(expr),
        Stmt::Macro(statement) => Some(&statement.mac).filter(|list| list.path.is_ident("vec")),
        Stmt::Local(_) | Stmt::Item(_) => None,
    }
}

fn vec_macro(expr: &Expr) -> Option<&Macro> {
    match expr {
        Expr::Macro(list) if list.mac.path.is_ident("vec") => Some(&list.mac),
        Expr::Return(returned) => vec_macro(returned.expr.as_deref()?),
        Expr::Paren(inner) => vec_macro(&inner.expr),
        _ => None,
    }
}

fn bound_name(pattern: &syn::Pat) -> Option<String> {
    match pattern {
        syn::Pat::Ident(name) if name.mutability.is_none() => Some(name.ident.to_string()),
        syn::Pat::Type(typed) => bound_name(&typed.pat),
        _ => None,
    }
}

fn hands_out(statement: &Stmt, name: &str) -> bool {
    fn is_name(expr: &Expr, name: &str) -> bool {
        match expr {
            Expr::Path(path) => path.path.is_ident(name),
            Expr::Return(returned) => returned.expr.as_deref().is_some_and(|e| is_name(e, name)),
            _ => false,
        }
    }
    matches!(statement, Stmt::Expr(expr, _) if is_name(expr, name))
}

/// `vec![x; 3]`.
fn is_repetition(list: &Macro) -> bool {
    list.tokens
        .clone()
        .into_iter()
        .any(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';'))
}

fn idents(tokens: TokenStream) -> Vec<String> {
    tokens
        .into_iter()
        .flat_map(|token| match token {
            TokenTree::Ident(ident) => vec![ident.to_string()],
            TokenTree::Group(group) => idents(group.stream()),
            TokenTree::Punct(_) | TokenTree::Literal(_) => Vec::new(),
        })
        .collect()
}
