; What a skeleton of JavaScript and TypeScript alike may leave out.

(comment) @comment
(decorator) @above
(export_statement declaration: (_) @within) @around

(function_declaration name: (_) @name body: (_) @body) @function
(generator_function_declaration name: (_) @name body: (_) @body) @function
(method_definition name: (_) @name body: (_) @body) @function
(variable_declarator name: (_) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body) (generator_function body: (_) @body)])
  @function
(assignment_expression left: (_) @name right: [(arrow_function body: (_) @body) (function_expression body: (_) @body)])
  @function
(pair key: (_) @name value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @function
(arrow_function body: (statement_block) @body) @function
(function_expression body: (_) @body) @function
(class_static_block body: (_) @body) @function

(object) @value
(array) @value
(variable_declarator value: (template_string) @text)
