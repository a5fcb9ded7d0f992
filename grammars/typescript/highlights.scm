; What the source view colours in TypeScript beside what it shares with JavaScript.

[(type_identifier) (predefined_type)] @type
(class_declaration name: (type_identifier) @definition)
(abstract_class_declaration name: (type_identifier) @definition)
(interface_declaration name: (type_identifier) @definition)
(type_alias_declaration name: (type_identifier) @definition)
(enum_declaration name: (identifier) @definition)
(function_signature name: (identifier) @definition)
(method_signature name: (property_identifier) @function)
(abstract_method_signature name: (property_identifier) @function)

["abstract" "asserts" "declare" "enum" "global" "implements" "infer" "interface" "is" "keyof" "module" "namespace"
  "override" "private" "protected" "public" "readonly" "satisfies" "type" "unique symbol"] @keyword
