"""Mark notebooks that students have handed in: which exercises are solved?"""
