"""S3: buckets held in memory, path-style addresses."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from cockpit.drill.aws.protocol.errors import AwsError
from cockpit.drill.aws.protocol.wire import Call, Operation

MAX_BUCKETS = 50
OVERHEAD = 2_048
"""Bytes that an object counts for besides its body: key and metadata."""
MAX_TOTAL = 64 * 1024 * 1024
"""Bytes that all objects together may take."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object as it was put."""

    body: bytes
    modified: datetime
    content_type: str = "binary/octet-stream"
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        """The quoted MD5 that S3 gives to an object put in one piece."""
        return f'"{hashlib.md5(self.body, usedforsecurity=False).hexdigest()}"'


class S3:
    """The buckets of the account."""

    name = "s3"

    def __init__(self, created: datetime, region: str) -> None:
        self._created = created
        self._region = region
        self._buckets: dict[str, dict[str, StoredObject]] = {}

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {
            "ListBuckets": self.list_buckets,
            "HeadBucket": self.head_bucket,
            "HeadObject": self.head_object,
            "GetObject": self.get_object,
            "PutObject": self.put_object,
            "CopyObject": self.copy_object,
            "DeleteObject": self.delete_object,
            "DeleteObjects": self.delete_objects,
            "CreateBucket": self.create_bucket,
            "DeleteBucket": self.delete_bucket,
            "GetBucketLocation": self.get_bucket_location,
            "ListObjectsV2": self.list_objects,
        }

    def store(self, bucket: str, key: str, body: bytes, at: datetime, content_type: str) -> None:
        """Put an object as the baseline does."""
        self._buckets.setdefault(bucket, {})[key] = StoredObject(body, at, content_type)

    def fetch(self, bucket: str, key: str) -> bytes | None:
        """An object's content, None when there is none."""
        found = self._buckets.get(bucket, {}).get(key)
        return found.body if found else None

    def remove(self, bucket: str, key: str) -> bool:
        """Take an object away; False when there was none."""
        return self._buckets.get(bucket, {}).pop(key, None) is not None

    def list_buckets(self, call: Call) -> Mapping[str, Any]:
        """S3 ListBuckets."""
        return {
            "Owner": {"ID": "drill"},
            "Buckets": [{"Name": name, "CreationDate": self._created} for name in sorted(self._buckets)],
        }

    def head_bucket(self, call: Call) -> Mapping[str, Any]:
        """S3 HeadBucket."""
        self._bucket(call)
        return {}

    def head_object(self, call: Call) -> Mapping[str, Any]:
        """S3 HeadObject; a missing key is a 404 without a body, as HTTP has it."""
        return _head(self._object(call))

    def get_object(self, call: Call) -> Mapping[str, Any]:
        """S3 GetObject, on a condition or without.

        Always whole: a Range is not honoured, which RFC 9110 section 14.2 allows.
        """
        found = self._object(call)
        _check_conditions(call, found)
        if call.parameters.get("IfNoneMatch", "").strip('"') == found.etag.strip('"'):
            raise AwsError("NotModified", "Not Modified", 304)
        return {**_head(found), "Body": found.body}

    def put_object(self, call: Call) -> Mapping[str, Any]:
        """S3 PutObject; `If-None-Match: *` and `If-Match` make it conditional."""
        present = self._bucket(call).get(call.parameters["Key"])
        if call.parameters.get("IfNoneMatch") == "*" and present is not None:
            raise _unmet()
        if "IfMatch" in call.parameters and present is None:
            raise AwsError("NoSuchKey", "The specified key does not exist.", 404)
        _check_conditions(call, present)
        body = bytes(call.parameters.get("Body", b""))
        held = sum(len(item.body) + OVERHEAD for bucket in self._buckets.values() for item in bucket.values())
        if held + len(body) + OVERHEAD > MAX_TOTAL:
            raise AwsError("EntityTooLarge", "The drill world's S3 is full.", 400)
        content_type = call.parameters.get("ContentType", "binary/octet-stream")
        stored = StoredObject(body, call.at, content_type, dict(call.parameters.get("Metadata", {})))
        self._bucket(call)[call.parameters["Key"]] = stored
        return {"ETag": stored.etag}

    def copy_object(self, call: Call) -> Mapping[str, Any]:
        """S3 CopyObject inside the account."""
        source = unquote(call.parameters["CopySource"]).lstrip("/").partition("?")[0]
        bucket, _, key = source.partition("/")
        found = self._buckets.get(bucket, {}).get(key)
        if found is None:
            raise AwsError("NoSuchKey", "The specified key does not exist.", 404)
        self._bucket(call)[call.parameters["Key"]] = replace(found, modified=call.at)
        return {"CopyObjectResult": {"ETag": found.etag, "LastModified": call.at}}

    def delete_object(self, call: Call) -> Mapping[str, Any]:
        """S3 DeleteObject; one that is gone already is no error."""
        self._bucket(call).pop(call.parameters["Key"], None)
        return {}

    def delete_objects(self, call: Call) -> Mapping[str, Any]:
        """S3 DeleteObjects."""
        bucket = self._bucket(call)
        keys = [item["Key"] for item in call.parameters["Delete"]["Objects"]]
        for key in keys:
            bucket.pop(key, None)
        return {} if call.parameters["Delete"].get("Quiet") else {"Deleted": [{"Key": key} for key in keys]}

    def create_bucket(self, call: Call) -> Mapping[str, Any]:
        """S3 CreateBucket."""
        name = call.parameters["Bucket"]
        if name in self._buckets:
            raise AwsError("BucketAlreadyOwnedByYou", "Your previous request to create the bucket succeeded.", 409)
        if len(self._buckets) >= MAX_BUCKETS:
            raise AwsError("TooManyBuckets", "You have attempted to create more buckets than allowed", 400)
        self._buckets[name] = {}
        return {"Location": f"/{name}"}

    def delete_bucket(self, call: Call) -> Mapping[str, Any]:
        """S3 DeleteBucket, once it is empty."""
        if self._bucket(call):
            raise AwsError("BucketNotEmpty", "The bucket you tried to delete is not empty", 409)
        del self._buckets[call.parameters["Bucket"]]
        return {}

    def get_bucket_location(self, call: Call) -> Mapping[str, Any]:
        """S3 GetBucketLocation."""
        self._bucket(call)
        return {"LocationConstraint": self._region}

    def list_objects(self, call: Call) -> Mapping[str, Any]:
        """S3 ListObjectsV2 with prefix, delimiter and continuation."""
        asked = call.parameters
        prefix, delimiter = asked.get("Prefix", ""), asked.get("Delimiter", "")
        bucket, limit = self._bucket(call), asked.get("MaxKeys", 1000)
        after = asked.get("ContinuationToken", asked.get("StartAfter", ""))
        entries: dict[str, StoredObject | None] = {}
        for key in sorted(bucket):
            if not key.startswith(prefix):
                continue
            folded, found, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
            if found:
                entries[prefix + folded + delimiter] = None
            else:
                entries[key] = bucket[key]
        page = [item for item in entries.items() if item[0] > after]
        shown, rest = page[:limit], page[limit:]
        answer: dict[str, Any] = {
            "Name": asked["Bucket"],
            "Prefix": prefix,
            "MaxKeys": limit,
            "KeyCount": len(shown),
            "IsTruncated": bool(rest),
            "Contents": [_listed(key, item) for key, item in shown if item is not None],
            "CommonPrefixes": [{"Prefix": key} for key, item in shown if item is None],
        }
        if rest and shown:
            answer["NextContinuationToken"] = shown[-1][0]
        return answer

    def _bucket(self, call: Call) -> dict[str, StoredObject]:
        name = call.parameters["Bucket"]
        if name not in self._buckets:
            raise AwsError("NoSuchBucket", "The specified bucket does not exist", 404)
        return self._buckets[name]

    def _object(self, call: Call) -> StoredObject:
        found = self._bucket(call).get(call.parameters["Key"])
        if found is None:
            raise AwsError("NoSuchKey", "The specified key does not exist.", 404)
        return found


def _check_conditions(call: Call, present: StoredObject | None) -> None:
    """Refuse (412) when `If-Match` names another object than the one that is there."""
    wanted = call.parameters.get("IfMatch")
    if wanted is not None and present is not None and wanted.strip('"') != present.etag.strip('"'):
        raise _unmet()


def _unmet() -> AwsError:
    return AwsError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412)


def _head(item: StoredObject) -> dict[str, Any]:
    return {
        "ContentLength": len(item.body),
        "ContentType": item.content_type,
        "ETag": item.etag,
        "LastModified": item.modified,
        "Metadata": dict(item.metadata),
        "ServerSideEncryption": "aws:kms",
    }


def _listed(key: str, item: StoredObject) -> dict[str, Any]:
    size = len(item.body)
    return {"Key": key, "LastModified": item.modified, "ETag": item.etag, "Size": size, "StorageClass": "STANDARD"}
