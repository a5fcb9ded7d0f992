; What a skeleton of Java may leave out.

(line_comment) @comment
(block_comment) @comment

(method_declaration name: (_) @name body: (_) @body) @function
(constructor_declaration name: (_) @name body: (_) @body) @function
(compact_constructor_declaration name: (_) @name body: (_) @body) @function
(static_initializer (block) @body) @function
(variable_declarator name: (_) @name value: (lambda_expression body: (block) @body)) @function
(variable_declarator name: (_) @name value: (object_creation_expression (class_body) @value))

(array_initializer) @value
