//! Names of what is generated, and the names of user's things in plain letters.

use std::collections::HashSet;

use proc_macro2::{Ident, Span};
use quote::format_ident;
use syn::ext::IdentExt;
use syn::{LitStr, Path, parse_quote};

use super::errors::Errors;

/// The module that generated code speaks through: `::pypet::__private`, or below the path of `crate = …`.
pub(crate) fn private(pypet: Option<Path>) -> Path {
    match pypet {
        Some(pypet) => parse_quote!(#pypet::__private),
        None => parse_quote!(::pypet::__private),
    }
}

/// The name as it stands in a file: `r#type` is `type`.
pub(crate) fn plain(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// The struct of typed names beside `Neuron`: `NeuronNames`.
pub(crate) fn names_struct(set: &Ident) -> Ident {
    format_ident!("{}Names", set, span = Span::call_site())
}

/// The function that computes the derived parameter `steps`, under a name that no user chooses: `__derived_steps`.
pub(crate) fn derived_function(parameter: &Ident) -> Ident {
    format_ident!("__derived_{}", parameter, span = Span::mixed_site())
}

/// A local variable that the user's expressions cannot see, and that hides none of the user's names.
pub(crate) fn own(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// A local variable that the user's expressions cannot see, with the user's name for it.
pub(crate) fn local(ident: &Ident) -> Ident {
    let mut local = ident.clone();
    local.set_span(ident.span().resolved_at(Span::mixed_site()));
    local
}

/// Drops the names in older files that another of the set has already; `kind` is what the set consists of.
///
/// The own name is a good alias for what was moved into a group, where its full name is another.
pub(crate) fn unique_aliases(
    own: &Ident,
    aliases: &mut Vec<LitStr>,
    kind: &str,
    names: &mut HashSet<String>,
    errors: &mut Errors,
) {
    names.remove(&plain(own));
    aliases.retain(|alias| {
        let name = alias.value();
        let is_new = names.insert(name.clone());
        if !is_new {
            errors.at(alias, format_args!("`{name}` already names a {kind} of this set; choose another alias"));
        }
        is_new
    });
    names.insert(plain(own));
}

/// `` `a`, `b` and `c` ``
pub(crate) fn quoted_list(names: &[impl AsRef<str>]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_with_and() {
        assert_eq!(quoted_list(&["a"]), "`a`");
        assert_eq!(quoted_list(&["a", "b", "c"]), "`a`, `b` and `c`");
    }

    #[test]
    fn raw_identifiers_lose_their_prefix() {
        assert_eq!(plain(&format_ident!("r#type")), "type");
        assert_eq!(derived_function(&format_ident!("r#type")), "__derived_type");
    }
}
