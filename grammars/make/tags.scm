; What the index reads from makefiles (conditional lines are blanked before the parse).

(variable_assignment) @assignment
(include_directive) @include
(ERROR) @error
(MISSING) @error
