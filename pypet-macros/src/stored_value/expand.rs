//! What is written for a type that is stored as another: two conversions; the runtime does the rest.

use proc_macro2::TokenStream;
use quote::quote;

use super::model::{Kind, Stored, StoredValue};

pub(crate) fn expand(value: &StoredValue) -> TokenStream {
    let StoredValue { ident, private, kind, stored } = value;
    let ty = stored.ty(private);
    let (to_stored, from_stored) = match stored {
        Stored::Field(_) => (quote!(#private::Clone::clone(&self.0)), quote!(#private::Ok(Self(stored)))),
        Stored::As(_) => (
            quote!(#private::From::from(#private::Clone::clone(self))),
            quote!(
                #private::TryFrom::try_from(stored).map_err(|problem| #private::ToString::to_string(&problem))
            ),
        ),
        Stored::Serde(_) => {
            (quote!(#private::From::from(#private::Clone::clone(self))), quote!(#private::Ok(stored.0)))
        }
    };
    let parameter = (*kind == Kind::Parameter).then(|| {
        quote! {
            #[automatically_derived]
            impl #private::ParamValue for #ident {
                fn parse(text: &#private::str) -> #private::Result<Self, #private::ParseValueError> {
                    #private::parse_stored(text)
                }
            }
        }
    });
    quote! {
        const _: () = {
            #[automatically_derived]
            impl #private::StoredAs for #ident {
                type Stored = #ty;

                fn to_stored(&self) -> #ty {
                    #to_stored
                }

                fn from_stored(stored: #ty) -> #private::Result<Self, #private::String> {
                    #from_stored
                }
            }

            #[automatically_derived]
            impl #private::ResultValue for #ident {
                type Column = #private::Array1<Self>;

                fn value_type() -> #private::ValueType {
                    #private::stored_type::<Self>()
                }

                fn write(&self, cells: &mut #private::Cells) {
                    #private::write_stored(self, cells);
                }

                fn read(cell: #private::Cell<'_>) -> #private::Result<Self, #private::ValueError> {
                    #private::read_stored(&cell)
                }

                fn read_column(cells: &#private::Cells) -> #private::Result<Self::Column, #private::ValueError> {
                    #private::read_stored_column(cells)
                }
            }

            #parameter
        };
    }
}
