"""`Exportable`: a fitted model in the forms of other programs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    import numpy.typing as npt

    from lda.cluster import FrozenModel
    from lda.evaluation.inferred_documents import InferredDocuments
    from lda.interop.cistopic_model import CistopicModel
    from lda.interop.exported_model import ExportedModel
    from lda.interop.targets import Target


class Exportable(ABC):
    """A fitted model that other programs can take: `Model` and `LDA` are such, and answer alike."""

    __slots__ = ()

    @abstractmethod
    def _exported(self) -> ExportedModel:
        """The model that is exported."""

    @abstractmethod
    def _frozen(self) -> FrozenModel:
        """The topics, to infer those of documents with."""

    @abstractmethod
    def _theta(self, X: object) -> npt.NDArray[np.float32]:
        """(D, K) topics of documents."""

    def _inferred(self, X: object) -> InferredDocuments:
        """Documents with their topics."""
        from lda.evaluation.documents import batches_of
        from lda.evaluation.inferred_documents import inferred

        model = self._exported()
        return inferred(self._frozen(), batches_of(model, X, tell=True, keep=True), seed=model.record.seed)

    def export(
        self, path: str | Path, *, to: str | Target, X: object = None, overwrite: bool = False
    ) -> Path:
        """Write the model, and maybe documents, in the form of another program, as `lda export` does.

        Args:
            path: file or folder to write.
            to: name of the form, as `lda export --help` lists them; or a row of your own, as `lda.interop.targets`
                describes.
            X: documents, everything that `lda.as_corpus` takes, for a form that tells of documents.
            overwrite: replace what such an export has written there before.

        Returns:
            The path.

        Raises:
            ImportError: a package that writes this form is not installed.
            ValueError: there is no such form, or it needs documents.
            DataError: something else stands there, or the form cannot hold this model.
            TypeError: the kind of X is wrong.
        """
        from lda.corpus.storage.output_target import check_apart, local_path
        from lda.interop.export import check_export, export
        from lda.interop.targets import find

        target, path = find(to) if isinstance(to, str) else to, local_path(str(path))
        model = self._exported()
        check_export(target, path, overwrite=overwrite, n_topics=model.n_topics)
        check_apart(path, [X])
        documents = None if X is None or target.documents == "no" else self._inferred(X)
        export(model, documents, target, path, overwrite=overwrite)
        return path

    def to_gensim(self, X: object = None, *, dictionary: Any = None) -> Any:  # noqa: ANN401
        """A gensim `LdaModel` with these topics and priors: everything that gensim does with one.

        `get_topics()` is `topic_word` to rounding in double precision. Its inference is gensim's own, variational, so
        topics of documents differ from those of `transform`.

        Args:
            X: documents, everything that `lda.as_corpus` takes, which the Dictionary counts; None leaves its document
                frequencies out.
            dictionary: a Dictionary of the same terms, whose ids are taken, or names for columns that have none; None
                numbers terms as the model does.

        Returns:
            A `gensim.models.LdaModel` in double precision, with its Dictionary as `id2word`.

        Raises:
            ImportError: gensim is not installed, or too old.
            DataError: the Dictionary is one of other terms, or the documents cannot be what they should.
            TypeError: the kind of X is wrong.
        """
        from lda.evaluation.documents import batches_of
        from lda.interop.to_gensim import document_frequencies, lda_model

        model = self._exported()
        if X is None:
            return lda_model(model, dictionary=dictionary)
        batches = ((batch.doc_offsets, batch.words) for batch in batches_of(model, X, tell=True))
        return lda_model(model, documents=document_frequencies(model.n_terms, batches), dictionary=dictionary)

    def to_pyldavis(
        self,
        X: object = None,
        *,
        R: int = 30,
        lambda_step: float = 0.01,
        mds: str | Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]] | None = None,
        sort_topics: bool = False,
        start_index: int = 1,
        plot_opts: dict[str, str] | None = None,
    ) -> Any:  # noqa: ANN401 - a PreparedData
        """What pyLDAvis draws, for `pyLDAvis.display`, `save_html` and `save_json`, with the model's own numbers.

        p(term | topic) is `topic_word`. Shares of topics, frequencies of terms, and of terms in topics are tokens:
        those of the last sweep, as `lda topics` counts them, or of documents. Lift is over the shares of terms in
        training, the map is that of `lda report`. `pyLDAvis.prepare` would make all of these anew from p(term | topic)
        and theta.

        Args:
            X: documents that are counted, everything that `lda.as_corpus` takes; None for those of the training.
            R: terms in the bars; the page shows 30 at most.
            lambda_step: of the slider for relevance.
            mds: None for the map of `lda report`; "pcoa", "mmds" or "tsne" for one of pyLDAvis', which compares all
                topics at all terms, or a function from (K, V) p(term | topic) to (K, 2).
            sort_topics: number circles by size. `topic_order` then has, for each circle, its topic + `start_index`.
            start_index: number of the first circle. The page takes 0 for no topic, so circle n is topic n - 1, as
                its axis says. With 0 circles have our numbers, but the page cannot select topic 0.
            plot_opts: `xlab` and `ylab`, the names of the axes.

        Returns:
            A `pyLDAvis.PreparedData`.

        Raises:
            ImportError: pyLDAvis is not installed, or too old.
            ValueError: an option cannot be.
            DataError: the documents cannot be what they should.
            TypeError: the kind of X is wrong.
        """
        from lda.interop.pyldavis import check, prepared

        check()
        return prepared(
            self._exported(),
            None if X is None else self._inferred(X),
            R=R,
            lambda_step=lambda_step,
            mds=mds,
            sort_topics=sort_topics,
            start_index=start_index,
            plot_opts=plot_opts,
        )

    def to_anndata(
        self,
        adata: Any,  # noqa: ANN401
        *,
        X: object = None,
        layer: str | None = None,
        key: str = "lda",
    ) -> Any:  # noqa: ANN401 - the AnnData
        """Put the topics into an AnnData: scanpy finds them there, and h5ad files hold them.

        `obsm["X_lda"]` gets the topics of the cells (D, K), as `transform` gives them; `varm["lda"]` p(term | topic) of
        the variables (n_vars, K), 0 for those that the model lacks; both float32. `uns["lda"]` gets a dictionary:
        `params`, `alpha`, `beta`, `n_topics`, `seed`, `n_sweeps`, `fingerprint`, `package`, and `names` if topics have
        any.

        Args:
            adata: an AnnData, which is changed. Its counts are read, unless X is given.
            X: a corpus with the counts of its cells under their `obs_names`, in any order.
            layer: where its counts are: the name of a layer, or "raw"; None is `adata.X`.
            key: for several models: `obsm["X_" + key]`, `varm[key]`, `uns[key]`.

        Returns:
            The same AnnData.

        Raises:
            DataError: there are no counts (the message says where there are); a cell is not among the documents of X;
                or none of the variables is a term of the model, as of another data set (a `ValueError`).
            TypeError: adata is none, or a MuData: give `mdata.mod["atac"]`.
        """
        from lda.corpus import as_corpus
        from lda.corpus.arrow import string_list
        from lda.corpus.readers.annotated import is_annotated
        from lda.interop.anndata_results import fill

        if not is_annotated(adata):
            raise TypeError(
                f"adata must be an AnnData, got a {type(adata).__name__}; lda.transform(X) takes counts"
            )
        corpus = as_corpus(adata, layer=layer, allow_empty=True) if X is None else as_corpus(X, layer=layer)
        ids = None if X is None else string_list(corpus.document_ids())
        return fill(self._exported(), adata, self._theta(corpus), ids=ids, key=key)

    def to_cistopic(
        self, X: object, *, layer: str | None = None, n_best: int = 5, n_words: int = 20
    ) -> CistopicModel:
        """The tables of pycisTopic's `CistopicLDAModel`, on which its functions work.

        Args:
            X: the cells of the fit, everything that `lda.as_corpus` takes, named as the `CistopicObject` names them.
            layer: of an AnnData, where its counts are; None is X.
            n_best: best topics over which the mean coherence goes; pycisTopic calls it `top_topics_coh`.
            n_words: top regions of a topic in its coherence.

        Raises:
            ImportError: pandas is not installed.
            DataError: the documents cannot be what they should (a `ValueError`).
            TypeError: the kind of X is wrong.
        """
        from lda.corpus import as_corpus
        from lda.interop.cistopic_model import cistopic_model

        documents = self._inferred(as_corpus(X, layer=layer))
        return cistopic_model(self._exported(), documents, n_best=n_best, n_words=n_words)

    def card(
        self,
        path: str | Path | None = None,
        *,
        X: object = None,
        name: str | None = None,
        license: str | None = None,  # noqa: A002 - as the Hub calls it
        languages: Sequence[str] = (),
        datasets: Sequence[str] = (),
        tags: Sequence[str] = (),
        repository: str | None = None,
        description: str | None = None,
        n_words: int = 10,
        n_topics: int = 500,
        seed: int = 0,
        overwrite: bool = False,
    ) -> str:
        """A model card for the Hugging Face Hub, as `lda card` writes it: topics, data, settings, score, limits.

        Args:
            path: file to write, `README.md` of the repository; None writes none.
            X: documents that the model was not fitted to, everything that `lda.as_corpus` takes: the card tells how
                well it predicts them, with the standard error.
            name: of the model, the heading.
            license: as the Hub names it ("apache-2.0"); None says nothing of one.
            languages: codes of the texts' languages ("en").
            datasets: names of data sets on the Hub.
            tags: further tags.
            repository: "owner/name" on the Hub, for the example.
            description: a paragraph about the model, in Markdown.
            n_words: words of each topic.
            n_topics: topics in the table; of more the largest ones.
            seed: of the score.
            overwrite: replace a file that stands there.

        Returns:
            The card, in Markdown with a head in YAML.

        Raises:
            ValueError: a value cannot be right.
            DataError: the file exists, or the documents cannot be scored.
            TypeError: the kind of X is wrong.
        """
        from lda.corpus.storage.output_target import check_apart, check_file_target, local_path, new_file
        from lda.evaluation.heldout import Estimation, score_on
        from lda.interop.model_card import CardOptions, model_card

        options = CardOptions(
            name=name,
            license=license,
            languages=tuple(languages),
            datasets=tuple(datasets),
            tags=tuple(tags),
            repository=repository,
            description=description,
            n_words=n_words,
            n_topics=n_topics,
        )
        if path is not None:
            path = local_path(str(path))
            check_file_target(path, overwrite=overwrite)
            check_apart(path, [X])
        model = self._exported()
        score = None if X is None else score_on(model, X, Estimation(seed=seed), self._frozen())
        text = model_card(model, score, options)
        if path is not None:
            with new_file(path, overwrite=overwrite) as temporary:
                temporary.write_text(text, encoding="utf-8")
        return text
