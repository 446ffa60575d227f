//! What is written for a choice: its variants and their names; the runtime does the rest.

use proc_macro2::TokenStream;
use quote::quote;

use super::model::{Choice, ChoiceVariant};

pub(crate) fn expand(choice: &Choice) -> TokenStream {
    let Choice { ident, private, variants } = choice;
    let idents: Vec<_> = variants.iter().map(|variant| &variant.ident).collect();
    let names: Vec<_> = variants.iter().map(ChoiceVariant::name).collect();
    quote! {
        const _: () = {
            #[automatically_derived]
            impl #private::Choice for #ident {
                const VARIANTS: &'static [Self] = &[#(Self::#idents),*];
                const NAMES: &'static [&'static #private::str] = &[#(#names),*];

                fn choice_name(self) -> &'static #private::str {
                    match self {
                        #(Self::#idents => #names,)*
                    }
                }
            }
        };
    }
}
