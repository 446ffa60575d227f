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

            #[automatically_derived]
            impl #private::ResultValue for #ident {
                type Column = #private::Array1<Self>;

                fn value_type() -> #private::ValueType {
                    #private::scalar_type::<Self>()
                }

                fn write(&self, cells: &mut #private::Cells) {
                    #private::write_scalar(self, cells);
                }

                fn read(cell: #private::Cell<'_>) -> #private::Result<Self, #private::ValueError> {
                    #private::read_scalar(&cell)
                }

                fn read_column(cells: &#private::Cells) -> #private::Result<Self::Column, #private::ValueError> {
                    #private::read_scalars(cells)
                }
            }

            #[automatically_derived]
            impl #private::ParamValue for #ident {
                fn parse(text: &#private::str) -> #private::Result<Self, #private::ParseValueError> {
                    <Self as #private::Element>::parse_element(text)
                }
            }
        };
    }
}
