"""Text of PDF files, within limits."""

from __future__ import annotations

from trustdesk.reading.mime import Budget


def is_pdf(data: bytes) -> bool:
    """True if `data` begins like a PDF."""
    return data[:1024].lstrip()[:5] == b"%PDF-"


def pdf_text(data: bytes, name: str, budget: Budget) -> str:
    """The text of the first pages; "" and a problem if it cannot be read."""
    limits = budget.limits
    if len(data) > limits.pdf_bytes:
        budget.note("pdf_too_large", f"a PDF of {len(data)} bytes was not read", name[:100])
        return ""
    import pypdfium2  # loads a native library; most messages need none

    try:
        document = pypdfium2.PdfDocument(data)
    except (pypdfium2.PdfiumError, ValueError, OSError):
        budget.note("pdf_damaged", "the PDF cannot be opened", name[:100])
        return ""
    pieces: list[str] = []
    size = 0
    try:
        for index in range(min(len(document), limits.pdf_pages)):
            page = document[index]
            text_page = page.get_textpage()
            text = text_page.get_text_bounded()
            text_page.close()
            page.close()
            pieces.append(text)
            size += len(text)
            if size > limits.text_chars:
                break
        if len(document) > limits.pdf_pages:
            budget.note("pdf_too_long", f"only the first {limits.pdf_pages} pages were read", name[:100])
    except (pypdfium2.PdfiumError, ValueError, OSError):
        budget.note("pdf_damaged", "a page of the PDF cannot be read", name[:100])
    finally:
        document.close()
    return "\n".join(pieces).replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd")
