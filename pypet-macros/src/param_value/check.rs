//! The rules of choices.

use std::collections::HashSet;

use quote::ToTokens;

use super::model::Choice;
use crate::support::errors::Errors;

pub(crate) fn check(choice: &Choice, errors: &mut Errors) {
    names_differ(choice, errors);
}

fn names_differ(choice: &Choice, errors: &mut Errors) {
    let mut names = HashSet::new();
    for variant in &choice.variants {
        if !names.insert(variant.name()) {
            let place =
                variant.rename.as_ref().map_or_else(|| variant.ident.to_token_stream(), ToTokens::to_token_stream);
            errors.at(place, format_args!("two variants are named `{}`; rename one of them", variant.name()));
        }
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;
    use quote::quote;

    use super::*;

    fn messages(item: TokenStream) -> Vec<String> {
        let mut errors = Errors::default();
        if let Some(choice) = Choice::parse(syn::parse2(item).expect("an enum"), &mut errors) {
            check(&choice, &mut errors);
        }
        errors.messages()
    }

    #[test]
    fn a_choice_has_variants_without_fields() {
        assert!(
            messages(quote!(
                enum Method {
                    Euler,
                    Rk4,
                }
            ))
            .is_empty()
        );
        assert!(
            messages(quote!(
                enum Method {}
            ))[0]
                .contains("has no variants")
        );
    }

    #[test]
    fn names_of_variants_differ() {
        let item = quote!(
            enum Method {
                #[param(rename = "Rk4")]
                Euler,
                Rk4,
            }
        );
        assert_eq!(messages(item), ["two variants are named `Rk4`; rename one of them"]);
        let unknown = messages(quote!(
            enum Method {
                #[param(name = "x")]
                Euler,
            }
        ));
        assert_eq!(unknown, ["there is no option `name`; the option is `rename`"]);
    }
}
