; What a skeleton of C++ may leave out (directives and comments are blanked before the parse).

(function_definition declarator: (_) @name body: (_) @body) @function
(function_definition declarator: (_) @name (try_statement) @body) @function
(init_declarator declarator: (_) @name value: (lambda_expression body: (_) @body)) @function
(template_declaration (function_definition) @within) @around

(init_declarator value: (initializer_list) @value)
(field_declaration default_value: (initializer_list) @value)
(init_declarator value: (raw_string_literal) @text)
