; The outline of a JSON file: the keys of its two upper levels.

(comment) @doc

(document (object (pair key: (string) @name value: [(object) (array)] @body) @definition.key))
(document (object (pair key: (string) @name) @definition.key))
(document (object (pair value: (object (pair key: (string) @name value: [(object) (array)] @body) @definition.key))))
(document (object (pair value: (object (pair key: (string) @name) @definition.key))))

(ERROR) @error
(MISSING) @error
