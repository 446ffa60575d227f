//! One parser for the `name = value` options of all attributes.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, Path, Token, Type, parse_quote};

use super::errors::Errors;
use super::names::quoted_list;

/// The options given to one attribute, or to several of the same name.
#[derive(Debug, Default)]
pub(crate) struct Options {
    given: Vec<Given>,
    broken: bool,
}

/// One `name = value`.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) name: Ident,
    pub(crate) value: Expr,
}

impl Options {
    /// Reads the options of an attribute macro, which may be those in `known`.
    pub(crate) fn parse(tokens: TokenStream, known: &[&str], errors: &mut Errors) -> Self {
        let mut options = Self::default();
        options.extend(tokens, known, errors);
        options
    }

    /// Reads the options of all helper attributes `#[helper(…)]`; `None` if there is no such attribute.
    pub(crate) fn of_helper(
        attributes: &[Attribute],
        helper: &str,
        known: &[&str],
        errors: &mut Errors,
    ) -> Option<Self> {
        let mut options = None;
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(helper)) {
            let options = options.get_or_insert_with(Self::default);
            match &attribute.meta {
                Meta::List(list) => options.extend(list.tokens.clone(), known, errors),
                Meta::Path(_) => {}
                Meta::NameValue(_) => errors.at(attribute, format_args!("write `#[{helper}(name = value)]`")),
            }
        }
        options
    }

    fn extend(&mut self, tokens: TokenStream, known: &[&str], errors: &mut Errors) {
        let parsed = (|input: ParseStream| self.read(input, known, errors)).parse2(tokens);
        self.broken |= errors.take(parsed).is_none();
    }

    fn read(&mut self, input: ParseStream, known: &[&str], errors: &mut Errors) -> syn::Result<()> {
        while !input.is_empty() {
            let name = input.call(Ident::parse_any)?;
            if !known.iter().any(|known| name == known) {
                self.broken = true;
                let are = if known.len() == 1 { "option is" } else { "options are" };
                errors.at(&name, format_args!("there is no option `{name}`; the {are} {}", quoted_list(known)));
                skip_to_comma(input)?;
            } else if input.peek(Token![=]) {
                input.parse::<Token![=]>()?;
                let value = if name == "as" { Expr::Verbatim(type_tokens(input)?) } else { input.parse()? };
                self.given.push(Given { name, value });
            } else if name == "serde" {
                self.given.push(Given { name, value: parse_quote!("json") });
            } else if name == "group" {
                self.given.push(Given { name, value: parse_quote!(true) });
            } else {
                self.broken = true;
                errors.at(&name, format_args!("`{name}` needs a value; write `{name} = …`"));
                skip_to_comma(input)?;
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    }

    /// Whether something could not be read, so that a missing option is no further mistake.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Whether an option is given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.given.iter().any(|given| given.name == name)
    }

    /// All values of an option that may be repeated.
    pub(crate) fn all(&mut self, name: &str) -> Vec<Given> {
        self.given.extract_if(.., |given| given.name == name).collect()
    }

    /// The value of an option that is given at most once.
    pub(crate) fn one(&mut self, name: &str, errors: &mut Errors) -> Option<Given> {
        let mut all = self.all(name).into_iter();
        let first = all.next();
        for further in all {
            errors.at(&further.name, format_args!("`{name}` is given twice; keep one of them"));
        }
        first
    }

    /// The value of an option that is a string.
    pub(crate) fn string(&mut self, name: &str, errors: &mut Errors) -> Option<LitStr> {
        let given = self.one(name, errors)?;
        errors.take(given.into_string())
    }

    /// The value of an option that names a function, a crate or a type.
    pub(crate) fn path(&mut self, name: &str, errors: &mut Errors) -> Option<Path> {
        let given = self.one(name, errors)?;
        errors.take(given.into_path())
    }
}

impl Given {
    pub(crate) fn into_string(self) -> syn::Result<LitStr> {
        match self.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(text),
            other => {
                let message = format!("`{0}` is a text; write `{0} = \"…\"`", self.name);
                Err(syn::Error::new_spanned(other, message))
            }
        }
    }

    fn into_path(self) -> syn::Result<Path> {
        match self.value {
            Expr::Path(path) if path.qself.is_none() => Ok(path.path),
            other => {
                let message = format!("`{0}` is a path; write `{0} = some::name`", self.name);
                Err(syn::Error::new_spanned(other, message))
            }
        }
    }
}

/// The value of `as` is a type, which need not be an expression.
fn type_tokens(input: ParseStream) -> syn::Result<TokenStream> {
    Ok(input.parse::<Type>()?.into_token_stream())
}

/// Goes on behind an option that cannot be read.
fn skip_to_comma(input: ParseStream) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn messages(tokens: TokenStream) -> Vec<String> {
        let mut errors = Errors::default();
        let mut options = Options::parse(tokens, &["unit", "crate"], &mut errors);
        options.string("unit", &mut errors);
        options.path("crate", &mut errors);
        errors.messages()
    }

    #[test]
    fn known_options_are_read() {
        assert!(messages(quote!(unit = "ms", crate = other::pypet)).is_empty());
        assert!(messages(quote!()).is_empty());
    }

    #[test]
    fn every_mistake_of_a_call_is_told() {
        assert_eq!(
            messages(quote!(units = "ms", crate, unit = 3, unit = "s",)),
            [
                "there is no option `units`; the options are `unit` and `crate`",
                "`crate` needs a value; write `crate = …`",
                "`unit` is given twice; keep one of them",
                "`unit` is a text; write `unit = \"…\"`",
            ]
        );
    }

    #[test]
    fn a_path_is_not_a_text() {
        assert_eq!(messages(quote!(crate = "pypet")), ["`crate` is a path; write `crate = some::name`"]);
    }
}
