; What the index reads from plain C (directives and comments are blanked before the parse).

(function_definition) @function
(translation_unit (declaration) @declaration)
(declaration_list (declaration) @declaration)

(translation_unit (expression_statement (call_expression) @statement))

(struct_specifier body: (_)) @struct
(union_specifier body: (_)) @union
(enum_specifier body: (_)) @enum
(type_definition) @typedef

(struct_specifier name: (type_identifier) @type !body)
(union_specifier name: (type_identifier) @type !body)

(call_expression function: (identifier) @call)
(call_expression function: (field_expression) @call.member)

(argument_list (identifier) @value)
(argument_list (pointer_expression argument: (identifier) @value))
(assignment_expression right: (identifier) @value)
(assignment_expression right: (pointer_expression argument: (identifier) @value))
(init_declarator value: (identifier) @value)
(init_declarator value: (pointer_expression argument: (identifier) @value))
(initializer_pair value: (identifier) @value)
(initializer_pair value: (pointer_expression argument: (identifier) @value))
(initializer_pair value: (cast_expression value: (_ (identifier) @value)))
(initializer_pair value: (binary_expression left: (parenthesized_expression) right: (identifier) @value))
(initializer_list (identifier) @value)
(initializer_list (pointer_expression argument: (identifier) @value))
(return_statement (identifier) @value)
(conditional_expression consequence: (identifier) @value)
(conditional_expression alternative: (identifier) @value)

(parameter_declaration declarator: (identifier) @local)
(pointer_declarator declarator: (identifier) @local)
(array_declarator declarator: (identifier) @local)
(declaration declarator: (identifier) @local)
(init_declarator declarator: (identifier) @local)

(ERROR) @error
(MISSING) @error
