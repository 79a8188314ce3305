"""Practice as an organisation keeps it: drills that were run, who attended, what is due. Pure; knows no world."""
