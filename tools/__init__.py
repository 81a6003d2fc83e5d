"""What writes and builds the documentation, and checks that it is of this code.

commands.py  docs/reference/cli.md        diagram.py  the import diagram in docs/architecture.md
schemas.py   docs/reference/schemas       site.py     what MkDocs is told beside mkdocs.yml
"""
