"""Exhibit beside the default pipelines of LangChain and LlamaIndex, on the same files: `python -m lab.bench`."""
