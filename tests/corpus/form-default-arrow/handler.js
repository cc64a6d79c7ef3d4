export default async event => ({ body: event.path })
