//! What is written for a result set: the user's struct, then facts about it.

use proc_macro2::{Delimiter, TokenStream};
use quote::{ToTokens, quote};

use super::model::{ResultField, ResultSet};
use crate::support::names::{names_struct, plain};
use crate::support::spans::{at, delimited, ends};

pub(crate) fn expand(set: &ResultSet) -> TokenStream {
    let item = &set.item;
    let names_struct = names_struct_of(set);
    let names = names(set);
    let result_set = result_set(set);
    let group = group(set);
    let outcome = outcome(set);
    let doors = doors(set);
    quote! {
        #item

        const _: () = {
            #doors
            #names_struct
            #names
            #result_set
            #group
            #outcome
        };
    }
}

/// Short names for what results are asked as: the compiler reads them after every edit.
fn doors(set: &ResultSet) -> TokenStream {
    let private = &set.private;
    quote! {
        #[allow(unused_imports)]
        use #private::{GroupLeaf as __Group, ResultLeaf as __Leaf};
    }
}

/// The struct of typed names.
fn names_struct_of(set: &ResultSet) -> TokenStream {
    let ResultSet { private, item, results } = set;
    let (vis, ident, names) = (&item.vis, &item.ident, names_struct(&item.ident));
    let comment = format!(" The typed names of [`{ident}`].");
    let fields = results.iter().map(|result| {
        let ResultField { ident: field, vis, docs, .. } = result;
        let ty = result.type_of_names(set);
        let fallback = docs.is_empty().then(|| format!(" The name of `{}`.", plain(field))).into_iter();
        quote!(#(#docs)* #(#[doc = #fallback])* #vis #field: #ty)
    });
    let without_fields = phantom(set, &quote!(#private::PhantomData<Root>));
    quote! {
        #[doc = #comment]
        #[allow(dead_code, private_interfaces)]
        #vis struct #names<Root> {
            #(#fields,)*
            #without_fields
        }

        #[automatically_derived]
        impl<Root> #private::Clone for #names<Root> {
            fn clone(&self) -> Self {
                *self
            }
        }

        #[automatically_derived]
        impl<Root> #private::Copy for #names<Root> {}
    }
}

/// The names of a set without results use their root all the same.
fn phantom(set: &ResultSet, phantom: &TokenStream) -> Option<TokenStream> {
    set.results.is_empty().then(|| quote!(__root: #phantom))
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
            #vis fn names() -> <Self as #private::ResultSet>::Names<Self> {
                <Self as #private::ResultSet>::names()
            }
        }
    }
}

fn result_set(set: &ResultSet) -> TokenStream {
    let ResultSet { private, item, results } = set;
    let (ident, names) = (&item.ident, names_struct(&item.ident));
    let declarations = results.iter().map(|result| {
        let (name, comment, door) = (plain(&result.ident), &result.comment, result.door(set));
        let unit = result.unit.iter();
        let dims = result.dims.iter().map(|dims| &dims.value);
        let compress = result.compress.iter().map(|compress| &compress.value);
        let aliases = &result.aliases;
        quote! {
            #door::declare(declaration, #name, #comment)
                #(.unit(#unit))* #(.dims(#dims))* #(.compress(#compress))* #(.alias(#aliases))*;
        }
    });
    let fields = results.iter().map(|result| {
        let (ident, (first, last)) = (&result.ident, ends(&result.ty));
        if result.group.is_some() {
            let (ident, door) = (at(first, ident), result.door(set));
            let (from, numbers) = (at(last, quote!(::names_from)), quote!(numbers));
            let numbers = delimited(Delimiter::Parenthesis, last, numbers);
            quote!(#ident: #door #from #numbers)
        } else {
            quote!(#ident: #private::ResultName::next(numbers))
        }
    });
    let puts = results.iter().map(|result| {
        let (ident, door) = (&result.ident, result.door(set));
        quote!(#door::put(&self.#ident, row);)
    });
    let without_fields = phantom(set, &quote!(#private::PhantomData));
    quote! {
        #[automatically_derived]
        #[allow(unused_variables)]
        impl #private::ResultSet for #ident {
            type Names<Root> = #names<Root>;

            fn declare(declaration: &mut #private::ResultDeclaration) {
                #(#declarations)*
            }

            fn names_from<Root>(numbers: &mut #private::Numbers) -> #names<Root> {
                #names { #(#fields,)* #without_fields }
            }

            #[inline]
            fn write(&self, row: &mut #private::Row<'_>) {
                #(#puts)*
            }
        }
    }
}

/// The set may be a group of another.
fn group(set: &ResultSet) -> TokenStream {
    let (private, ident, names) = (&set.private, &set.item.ident, names_struct(&set.item.ident));
    quote! {
        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl #private::GroupLeaf for #ident {
            type Names<Root> = #names<Root>;

            fn names_from<Root>(numbers: &mut #private::Numbers) -> #private::GroupNames<#names<Root>> {
                #private::nested_names::<Self, Root>(numbers)
            }

            fn declare<'a>(
                declaration: &'a mut #private::ResultDeclaration,
                name: &#private::str,
                comment: &#private::str,
            ) -> #private::DeclaredMembers<'a> {
                declaration.set::<Self>(name, comment)
            }

            fn put(&self, row: &mut #private::Row<'_>) {
                row.put_set(self);
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
            None if self.group.is_some() => quote!(__Group),
            None => quote!(__Leaf),
        };
        let (open, close) = (at(first, quote!(<)), at(last, quote!(as #asked>)));
        quote!(#open #ty #close)
    }

    /// The type of the result's name, or of the names of a group.
    fn type_of_names(&self, set: &ResultSet) -> TokenStream {
        let (private, ty) = (&set.private, &self.ty);
        if self.group.is_some() {
            let (door, (first, last)) = (self.door(set), ends(ty));
            let (open, close) = (at(first, quote!(#private::GroupNames<)), at(last, quote!(::Names<Root>>)));
            return quote!(#open #door #close);
        }
        let stored = self.stored_by(set).unwrap_or_else(|| ty.to_token_stream());
        quote!(#private::ResultName<Root, #stored>)
    }

    /// The wrapper that serde stores the result as.
    fn stored_by(&self, set: &ResultSet) -> Option<TokenStream> {
        Some(self.serde.as_ref()?.wrapper(&set.private, &self.ty.to_token_stream()))
    }
}
