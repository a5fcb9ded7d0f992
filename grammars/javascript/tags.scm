; What the index reads from JavaScript beside what it shares with TypeScript.

(field_definition property: (_) @name value: (arrow_function body: (_) @body)) @definition.function
(field_definition property: (_) @name value: (function_expression body: (_) @body)) @definition.function
(field_definition property: (_) @name) @definition.property
(class_heritage (identifier) @base)
(class_heritage (member_expression) @base)
(jsx_opening_element name: (identifier) @reference.call (#match? @reference.call "^[A-Z]"))
(jsx_self_closing_element name: (identifier) @reference.call (#match? @reference.call "^[A-Z]"))
(field_definition property: (_) @name value: (new_expression) @value) @field
