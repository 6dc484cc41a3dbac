"""A table from outside into proposals: guarded and read, planned row by row, and proposed if nothing stands against it.

``reading`` turns a file into rows and writes nothing; ``planning`` turns rows into a plan, held against the edition
published last and judged by the rules of proposals; ``propose()`` drafts what was planned. Nothing here edits an entry.
"""
