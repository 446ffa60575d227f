//! What is written for a parameter set: the user's struct, then facts about it.

use proc_macro2::{Delimiter, Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{Expr, ExprLit, ExprRange, Lit, Type};

use super::derived::{as_function_body, used_fields};
use super::model::{Kind, Member, Parameter, ParameterSet};
use crate::support::names::{derived_function, local, names_struct, own, plain};
use crate::support::spans::{at, delimited, ends};

pub(crate) fn expand(set: &ParameterSet) -> TokenStream {
    let item = &set.item;
    let derived_functions = set.members.iter().filter_map(|member| derived_function_of(set, member));
    let names_struct = names_struct_of(set);
    let std_traits = [clone(set), debug(set), partial_eq(set), default(set)];
    let parameter_set = parameter_set(set);
    let names = names(set);
    let doors = doors(set);
    quote! {
        #item

        const _: () = {
            #doors
            #names_struct
            #(#derived_functions)*
            #names
            #parameter_set
            #(#std_traits)*
        };
    }
}

/// Short names for what members are asked as: each stands in the code a dozen times, and the compiler reads all of it after
/// every edit.
fn doors(set: &ParameterSet) -> TokenStream {
    let private = &set.private;
    quote! {
        #[allow(unused_imports)]
        use #private::{GroupedParameter as __Grouped, ParameterGroup as __Group, ParameterLeaf as __Leaf};
    }
}

impl Member {
    /// The member's type as what generated code asks of it; errors land on the type.
    fn door(&self, set: &ParameterSet) -> TokenStream {
        let (private, ty) = (&set.private, &self.ty);
        let (first, last) = ends(ty);
        let open = at(first, quote!(<));
        let asked = match (&self.kind, self.stored_by(set)) {
            (Kind::Parameter(parameter), _) if parameter.group.is_some() => quote!(__Grouped),
            (Kind::Parameter(_), None) => quote!(__Leaf),
            (Kind::Parameter(_), Some(wrapper)) => quote!(#private::SerdeParameter<#wrapper>),
            (Kind::Group, _) => quote!(__Group),
        };
        let close = at(last, quote!(as #asked>));
        quote!(#open #ty #close)
    }

    /// The wrapper that a parameter is stored as, if not as itself.
    fn stored_by(&self, set: &ParameterSet) -> Option<TokenStream> {
        let (private, ty, parameter) = (&set.private, &self.ty, self.parameter()?);
        if parameter.group.is_some() {
            return Some(quote!(#private::Grouped<#ty>));
        }
        Some(parameter.serde.as_ref()?.wrapper(private, &ty.to_token_stream()))
    }

    /// The type of the member's name or names.
    fn type_of_names(&self, set: &ParameterSet) -> TokenStream {
        let (private, ty) = (&set.private, &self.ty);
        let (first, last) = ends(ty);
        match self.kind {
            Kind::Parameter(_) => {
                let stored = self.stored_by(set).unwrap_or_else(|| ty.to_token_stream());
                quote!(#private::Name<Root, #stored>)
            }
            Kind::Group => {
                let (door, open) = (self.door(set), at(first, quote!(#private::GroupNames<)));
                let close = at(last, quote!(::Names<Root>>));
                quote!(#open #door #close)
            }
        }
    }

    /// The member's name or names, behind the leaves of the members before it.
    fn names(&self, set: &ParameterSet, before: &TokenStream) -> TokenStream {
        let (first, last) = ends(&self.ty);
        let (ident, door) = (at(first, &self.ident), self.door(set));
        let argument = delimited(Delimiter::Parenthesis, last, quote!(first + #before));
        let from = at(
            last,
            match self.kind {
                Kind::Parameter(_) => quote!(::name),
                Kind::Group => quote!(::names_from),
            },
        );
        quote!(#ident: #door #from #argument)
    }
}

/// The struct of typed names.
fn names_struct_of(set: &ParameterSet) -> TokenStream {
    let ParameterSet { private, item, members } = set;
    let (vis, ident, names) = (&item.vis, &item.ident, names_struct(&item.ident));
    let comment = format!(" The typed names of [`{ident}`].");
    let fields = members.iter().map(|member| {
        let Member { ident, vis, docs, .. } = member;
        let ty = member.type_of_names(set);
        let fallback = docs.is_empty().then(|| format!(" The names of `{}`.", plain(ident))).into_iter();
        quote!(#(#docs)* #(#[doc = #fallback])* #vis #ident: #ty)
    });
    let without_fields = phantom(set, &quote!(#private::PhantomData<Root>));
    quote! {
        #[doc = #comment]
        #[allow(dead_code, private_interfaces)]
        #vis struct #names<Root: #private::ParameterSet> {
            #(#fields,)*
            #without_fields
        }

        #[automatically_derived]
        impl<Root: #private::ParameterSet> #private::Clone for #names<Root> {
            fn clone(&self) -> Self {
                *self
            }
        }

        #[automatically_derived]
        impl<Root: #private::ParameterSet> #private::Copy for #names<Root> {}
    }
}

/// The names of a set without parameters use their root all the same.
fn phantom(set: &ParameterSet, phantom: &TokenStream) -> Option<TokenStream> {
    set.members.is_empty().then(|| quote!(__root: #phantom))
}

/// `T::names()`.
fn names(set: &ParameterSet) -> TokenStream {
    let (private, vis, ident) = (&set.private, &set.item.vis, &set.item.ident);
    quote! {
        #[automatically_derived]
        impl #ident {
            /// The typed names of these parameters: natural naming is field access.
            #[must_use]
            #[allow(dead_code)]
            #vis fn names() -> <Self as #private::ParameterSet>::Names<Self> {
                <Self as #private::ParameterSet>::names_from(0)
            }
        }
    }
}

fn parameter_set(set: &ParameterSet) -> TokenStream {
    let ParameterSet { private, item, members } = set;
    let (ident, names) = (&item.ident, names_struct(&item.ident));
    let len = len_of(set, members);
    let declarations = members.iter().map(|member| declaration(set, member));
    let leaf_names = members.iter().enumerate().map(|(position, member)| {
        let before = len_of(set, &members[..position]);
        member.names(set, &before)
    });
    let find_leaf = find(set, &format_ident!("leaf"), &quote!(&));
    let find_leaf_mut = find(set, &format_ident!("leaf_mut"), &quote!(&mut));
    let without_fields = phantom(set, &quote!(#private::PhantomData));
    let derivations = members.iter().filter_map(|member| derivation(set, member));
    let declaration = own("declaration");
    let no_such_leaf = {
        let message = format!("`{ident}` has {{}} parameters, so there is none of number {{}}");
        quote!(#private::panic!(#message, <Self as #private::ParameterSet>::LEN, index))
    };
    quote! {
        #[automatically_derived]
        #[allow(unused_variables)]
        impl #private::ParameterSet for #ident {
            type Names<Root: #private::ParameterSet> = #names<Root>;

            const LEN: #private::usize = #len;

            fn declare(#declaration: &mut #private::Declaration) {
                #(#declarations)*
            }

            fn names_from<Root: #private::ParameterSet>(first: #private::usize) -> #names<Root> {
                #names { #(#leaf_names,)* #without_fields }
            }

            fn leaf(&self, index: #private::usize) -> &dyn #private::AnyParameter {
                #find_leaf
                #no_such_leaf
            }

            fn leaf_mut(&mut self, index: #private::usize) -> &mut dyn #private::AnyParameter {
                #find_leaf_mut
                #no_such_leaf
            }

            fn derive(&mut self) {
                #(#derivations)*
            }
        }
    }
}

/// The number of leaves of some members.
fn len_of(set: &ParameterSet, members: &[Member]) -> TokenStream {
    let leaves = members.iter().filter(|member| member.parameter().is_some()).count();
    let groups = members.iter().filter(|member| member.parameter().is_none()).map(|group| group.door(set));
    quote!(#leaves #(+ #groups::LEN)*)
}

/// Finds a leaf: each group, and each row of parameters between them, takes its share of the numbers.
fn find(set: &ParameterSet, find: &Ident, reference: &TokenStream) -> TokenStream {
    let is_alike = |a: &Member, b: &Member| a.parameter().is_some() && b.parameter().is_some();
    let shares = set.members.chunk_by(is_alike).map(|members| match members {
        [group @ Member { kind: Kind::Group, ident, .. }] => {
            let door = group.door(set);
            quote! {
                if place < #door::LEN {
                    return #door::#find(#reference self.#ident, place);
                }
                let place = place - #door::LEN;
            }
        }
        parameters => {
            let n_parameters = parameters.len();
            let leaves = parameters.iter().enumerate().map(|(place, parameter)| {
                let (ident, door) = (&parameter.ident, parameter.door(set));
                quote!(#place => return #door::#find(#reference self.#ident),)
            });
            quote! {
                match place {
                    #(#leaves)*
                    _ => {}
                }
                let place = place - #n_parameters;
            }
        }
    });
    quote! {
        let place = index;
        #(#shares)*
    }
}

fn declaration(set: &ParameterSet, member: &Member) -> TokenStream {
    let (name, comment, door) = (plain(&member.ident), &member.comment, member.door(set));
    let declaration = own("declaration");
    let Some(parameter) = member.parameter() else {
        return quote!(#door::declare_group(#declaration, #name, #comment););
    };
    let unit = parameter.unit.iter();
    let aliases = &parameter.aliases;
    let derived = parameter.derived.iter().map(|given| &given.name);
    let declared = quote! {
        #door::declare(#declaration, #name, #comment)
            #(.unit(#unit))* #(.alias(#aliases))* #(.#derived())*
    };
    let Some((limit, value)) = range(set, member, parameter).or_else(|| choices(set, member, parameter)) else {
        return quote!(#declared;);
    };
    quote!(#door::#limit(#declared, #value);)
}

/// The option `range` and its value, whose ends must be of the parameter's own type.
fn range<'a>(set: &ParameterSet, member: &Member, parameter: &'a Parameter) -> Option<(&'a Ident, TokenStream)> {
    let (option, ty) = (&parameter.range.as_ref()?.name, &member.ty);
    let Expr::Range(ExprRange { start, end, limits, .. }) = &parameter.range.as_ref()?.value else { return None };
    let end_of_type = |end: &Expr| typed(&quote!(#ty), &owned(set, member, end));
    let start = start.as_deref().map(end_of_type);
    let end = end.as_deref().map(end_of_type);
    Some((option, quote!(#start #limits #end)))
}

/// The option `choices` and its value, which must be of the parameter's own type.
fn choices<'a>(set: &ParameterSet, member: &Member, parameter: &'a Parameter) -> Option<(&'a Ident, TokenStream)> {
    let (option, ty) = (&parameter.choices.as_ref()?.name, &member.ty);
    let Expr::Array(list) = &parameter.choices.as_ref()?.value else { return None };
    let choices = list.elems.iter().map(|choice| owned(set, member, choice));
    let len = list.elems.len();
    let choices = typed(&quote!([#ty; #len]), &quote!([#(#choices),*]));
    Some((option, choices))
}

/// A value whose type is stated, so that a literal of another type is told under the literal.
fn typed(ty: &TokenStream, value: &TokenStream) -> TokenStream {
    let variable = own("value");
    quote!({ let #variable: #ty = #value; #variable })
}

/// A text literal becomes a `String` where the parameter is one; everything else stays.
fn owned(set: &ParameterSet, member: &Member, value: &Expr) -> TokenStream {
    let private = &set.private;
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if member.is_string() => quote!(#private::String::from(#text)),
        other => quote!(#other),
    }
}

/// The function that computes a derived parameter, with a reference to each parameter it uses.
fn derived_function_of(set: &ParameterSet, member: &Member) -> Option<TokenStream> {
    let derived = member.parameter()?.derived.as_ref()?;
    let (name, ty) = (derived_function(&member.ident), &member.ty);
    let arguments = used_fields(&derived.value).into_iter().map(|field| {
        let ty = type_of(set, &field);
        let argument = local(&field);
        quote!(#argument: &#ty)
    });
    let body = as_function_body(&derived.value, &set.item.ident);
    // Nobody can write `#[allow]` in front of an option, so the usual casts of counts are allowed here.
    Some(quote! {
        #[allow(
            unused_parens, clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_precision_loss,
            clippy::cast_sign_loss, clippy::deref_addrof, clippy::explicit_auto_deref, clippy::needless_borrow,
            clippy::ptr_arg, clippy::too_many_arguments, clippy::trivially_copy_pass_by_ref
        )]
        fn #name(#(#arguments),*) -> #ty {
            #body
        }
    })
}

fn type_of<'a>(set: &'a ParameterSet, field: &Ident) -> Option<&'a Type> {
    set.members.iter().find(|member| member.ident == *field).map(|member| &member.ty)
}

/// Brings a derived parameter, or those of a group, up to date.
fn derivation(set: &ParameterSet, member: &Member) -> Option<TokenStream> {
    let ident = &member.ident;
    let Some(parameter) = member.parameter() else {
        let door = member.door(set);
        return Some(quote!(#door::derive(&mut self.#ident);));
    };
    let derived = parameter.derived.as_ref()?;
    let function = derived_function(ident);
    let arguments = used_fields(&derived.value);
    Some(quote!(self.#ident = #function(#(&self.#arguments),*);))
}

/// `Default`: the declared defaults, in order, then what is derived from them.
fn default(set: &ParameterSet) -> Option<TokenStream> {
    if set.derived("Default").is_some() {
        return None;
    }
    let (private, ident) = (&set.private, &set.item.ident);
    let values = set.members.iter().map(|member| {
        let (variable, ty, value) = (local(&member.ident), &member.ty, initial_value(set, member));
        quote!(let #variable: #ty = #value;)
    });
    let fields = set.members.iter().map(|member| {
        let (ident, variable) = (&member.ident, local(&member.ident));
        quote!(#ident: #variable)
    });
    Some(quote! {
        #[automatically_derived]
        impl #private::Default for #ident {
            fn default() -> Self {
                #(#values)*
                Self { #(#fields),* }
            }
        }
    })
}

fn initial_value(set: &ParameterSet, member: &Member) -> TokenStream {
    let Some(parameter) = member.parameter() else {
        let door = member.door(set);
        return quote!(#door::initial());
    };
    if let Some(derived) = &parameter.derived {
        let function = derived_function(&member.ident);
        let arguments = used_fields(&derived.value).into_iter().map(|field| local(&field));
        return quote!(#function(#(&#arguments),*));
    }
    if let Some(default) = &parameter.default {
        return owned(set, member, default);
    }
    // The mistake is told already; this keeps the compiler from telling another.
    let private = &set.private;
    quote!(#private::missing())
}

fn clone(set: &ParameterSet) -> Option<TokenStream> {
    let (private, ident) = (&set.private, &set.item.ident);
    let fields = set.members.iter().map(|member| {
        let (ident, door) = (&member.ident, member.door(set));
        quote!(#ident: #door::duplicate(&self.#ident))
    });
    set.derived("Clone").is_none().then(|| {
        quote! {
            #[automatically_derived]
            impl #private::Clone for #ident {
                fn clone(&self) -> Self {
                    Self { #(#fields),* }
                }
            }
        }
    })
}

fn debug(set: &ParameterSet) -> Option<TokenStream> {
    let (private, ident) = (&set.private, &set.item.ident);
    let name = plain(ident);
    let fields = set.members.iter().map(|member| {
        let (ident, door, name) = (&member.ident, member.door(set), plain(&member.ident));
        quote!(.field(#name, #door::as_debug(&self.#ident)))
    });
    set.derived("Debug").is_none().then(|| {
        quote! {
            #[automatically_derived]
            impl #private::Debug for #ident {
                fn fmt(&self, f: &mut #private::Formatter<'_>) -> #private::FmtResult {
                    f.debug_struct(#name)#(#fields)*.finish()
                }
            }
        }
    })
}

fn partial_eq(set: &ParameterSet) -> Option<TokenStream> {
    let (private, ident) = (&set.private, &set.item.ident);
    let fields = set.members.iter().map(|member| {
        let (ident, door) = (&member.ident, member.door(set));
        quote!(&& #door::equals(&self.#ident, &other.#ident))
    });
    set.derived("PartialEq").is_none().then(|| {
        quote! {
            #[automatically_derived]
            #[allow(unused_variables)]
            impl #private::PartialEq for #ident {
                fn eq(&self, other: &Self) -> #private::bool {
                    true #(#fields)*
                }
            }
        }
    })
}
