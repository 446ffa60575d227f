//! What is written for a result set: the user's struct, then facts about it.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::model::{ResultField, ResultSet};
use crate::support::names::{names_struct, plain};
use crate::support::spans::{at, ends};

pub(crate) fn expand(set: &ResultSet) -> TokenStream {
    let item = &set.item;
    let names_struct = names_struct_of(set);
    let names = names(set);
    let result_set = result_set(set);
    let outcome = outcome(set);
    quote! {
        #item

        const _: () = {
            #names_struct
            #names
            #result_set
            #outcome
        };
    }
}

/// The struct of typed names.
fn names_struct_of(set: &ResultSet) -> TokenStream {
    let ResultSet { private, item, results } = set;
    let (vis, ident, names) = (&item.vis, &item.ident, names_struct(&item.ident));
    let comment = format!(" The typed names of [`{ident}`].");
    let fields = results.iter().map(|result| {
        let ResultField { ident: field, vis, docs, .. } = result;
        let ty = result.stored_by(set).unwrap_or_else(|| result.ty.to_token_stream());
        let name = if result.group.is_some() { quote!(GroupName) } else { quote!(ResultName) };
        let fallback = docs.is_empty().then(|| format!(" The name of `{}`.", plain(field))).into_iter();
        quote!(#(#docs)* #(#[doc = #fallback])* #vis #field: #private::#name<#ident, #ty>)
    });
    quote! {
        #[doc = #comment]
        #[allow(dead_code, private_interfaces)]
        #vis struct #names {
            #(#fields),*
        }

        #[automatically_derived]
        impl #private::Clone for #names {
            fn clone(&self) -> Self {
                *self
            }
        }

        #[automatically_derived]
        impl #private::Copy for #names {}
    }
}

/// `T::names()`.
fn names(set: &ResultSet) -> TokenStream {
    let (private, vis, ident) = (&set.private, &set.item.vis, &set.item.ident);
    quote! {
        #[automatically_derived]
        impl #ident {
            /// The typed names of these results, for reading.
            #[must_use]
            #[allow(dead_code)]
            #vis fn names() -> <Self as #private::ResultSet>::Names {
                <Self as #private::ResultSet>::names()
            }
        }
    }
}

fn result_set(set: &ResultSet) -> TokenStream {
    let ResultSet { private, item, results } = set;
    let (ident, names) = (&item.ident, names_struct(&item.ident));
    let columns = || results.iter().filter(|result| result.group.is_none());
    let declarations = columns().map(|result| {
        let (name, comment, door) = (plain(&result.ident), &result.comment, result.door(set));
        let unit = result.unit.iter();
        let dims = result.dims.iter().map(|dims| &dims.value);
        let compress = result.compress.iter().map(|compress| &compress.value);
        quote!(#door::declare(declaration, #name, #comment) #(.unit(#unit))* #(.dims(#dims))* #(.compress(#compress))*;)
    });
    let fields = results.iter().enumerate().map(|(position, ResultField { ident, group, .. })| {
        let groups_before = results[..position].iter().filter(|result| result.group.is_some()).count();
        let (column, name) = (position - groups_before, plain(ident));
        if group.is_some() {
            quote!(#ident: #private::GroupName::new(#name))
        } else {
            quote!(#ident: #private::ResultName::at(#column))
        }
    });
    let puts = results.iter().map(|result| {
        let (ident, door, name) = (&result.ident, result.door(set), plain(&result.ident));
        if result.group.is_some() {
            quote!(#door::put(&self.#ident, #name, row);)
        } else {
            quote!(#door::put(&self.#ident, row);)
        }
    });
    quote! {
        #[automatically_derived]
        #[allow(unused_variables)]
        impl #private::ResultSet for #ident {
            type Names = #names;

            fn declare(declaration: &mut #private::ResultDeclaration) {
                #(#declarations)*
            }

            fn names() -> #names {
                #names { #(#fields),* }
            }

            #[inline]
            fn write(&self, row: &mut #private::Row<'_>) {
                #(#puts)*
            }
        }
    }
}

/// An experiment may return the set.
fn outcome(set: &ResultSet) -> TokenStream {
    let (private, ident) = (&set.private, &set.item.ident);
    quote! {
        #[automatically_derived]
        impl #private::Outcome for #ident {
            type Results = Self;

            fn into_results(self) -> #private::Result<Self, #private::BoxError> {
                #private::Ok(self)
            }
        }
    }
}

impl ResultField {
    /// The result's type as what generated code asks of it; errors land on the type.
    fn door(&self, set: &ResultSet) -> TokenStream {
        let (private, ty) = (&set.private, &self.ty);
        let (first, last) = ends(ty);
        let asked = match self.stored_by(set) {
            Some(wrapper) => quote!(#private::SerdeResult<#wrapper>),
            None if self.group.is_some() => quote!(#private::GroupLeaf),
            None => quote!(#private::ResultLeaf),
        };
        let (open, close) = (at(first, quote!(<)), at(last, quote!(as #asked>)));
        quote!(#open #ty #close)
    }

    /// The wrapper that serde stores the result as.
    fn stored_by(&self, set: &ResultSet) -> Option<TokenStream> {
        Some(self.serde.as_ref()?.wrapper(&set.private, &self.ty.to_token_stream()))
    }
}
