"""Files of an order: checked by content, bounded in size and number, kept with their hash."""

from __future__ import annotations

import hashlib
from io import BytesIO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from PIL import Image, ImageOps, UnidentifiedImageError

from ticketing.orders import history
from ticketing.orders.actions._step import announce, lock
from ticketing.orders.errors import InvalidOrder
from ticketing.orders.models import Attachment, WorkOrder
from ticketing.organisation.actor import Actor

IMAGE_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}
PIXEL_LIMIT = 60_000_000


def check_upload(upload: UploadedFile) -> tuple[bytes, str]:
    """The bytes and the true content type of an upload, judged by content and not by name. Raises InvalidOrder."""
    if (upload.size or 0) > settings.UPLOAD_MAX_BYTES:
        raise InvalidOrder("file", f"is larger than {settings.UPLOAD_MAX_BYTES // 1024 // 1024} MB; send a smaller one")
    data = upload.read()
    if data[:5] == b"%PDF-":
        return data, "application/pdf"
    try:
        with Image.open(BytesIO(data)) as image:
            kind, (width, height) = image.format or "", image.size
            if width * height > PIXEL_LIMIT:
                raise InvalidOrder("file", "has too many pixels; send a smaller picture")
            image.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError):
        raise InvalidOrder("file", "is not a picture or PDF we can open; send JPEG, PNG, WebP, GIF or PDF") from None
    if kind not in IMAGE_TYPES:
        raise InvalidOrder("file", "is not a picture or PDF we can open; send JPEG, PNG, WebP, GIF or PDF")
    return data, IMAGE_TYPES[kind]


def without_metadata(data: bytes, content_type: str) -> bytes:
    """The picture without EXIF: a photo's position and device are personal data nobody was asked for."""
    if content_type != "image/jpeg":
        return data
    with Image.open(BytesIO(data)) as image:
        upright = ImageOps.exif_transpose(image)
        out = BytesIO()
        upright.convert("RGB").save(out, "JPEG", quality=88)
    return out.getvalue()


@transaction.atomic
def attach_file(
    *, order: WorkOrder, actor: Actor, upload: UploadedFile, purpose: str = "report", public: bool = False
) -> Attachment:
    """Keep one file with the order and note it in the history. Raises InvalidOrder."""
    data, content_type = check_upload(upload)
    locked = lock(order)
    if locked.attachments.count() >= settings.UPLOAD_MAX_FILES * 3:
        raise InvalidOrder("file", "is one too many for this order")
    data = without_metadata(data, content_type)
    now, digest = timezone.now(), hashlib.sha256(data).hexdigest()
    attachment = Attachment(
        order=locked,
        name=(upload.name or "file")[-120:],
        content_type=content_type,
        size=len(data),
        sha256=digest,
        purpose=purpose,
        public=public,
        created_at=now,
    )
    extension = content_type.rsplit("/", 1)[-1].replace("jpeg", "jpg")
    attachment.keep(data, name=f"{locked.number}-{digest[:12]}.{extension}")
    attachment.save()
    event = history.append(
        order=locked,
        action="attach",
        actor=actor,
        from_state=locked.state,
        at=now,
        data={"sha256": digest, "size": len(data), "type": content_type, "purpose": purpose},
    )
    locked.updated_at = now
    locked.save(update_fields=["version", "updated_at"])
    announce(order=locked, event=event)
    return attachment
